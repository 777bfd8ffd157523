//! The demo cluster through a real `kube::Client`: its size, its problems, and that their fixes work.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{Namespace, Node, Pod};
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt};
use kubegraf_sim::{Clock, demo};

const START: i64 = 1_780_000_000_000;

fn status(pod: &Pod) -> String {
    let s = pod.status.as_ref().unwrap();
    for c in s.container_statuses.iter().flatten() {
        if let Some(st) = &c.state {
            if let Some(w) = &st.waiting { return w.reason.clone().unwrap_or_default(); }
            if let Some(t) = &st.terminated { return t.reason.clone().unwrap_or_default(); }
        }
    }
    if pod.metadata.deletion_timestamp.is_some() { return "Terminating".into(); }
    let ready = s.conditions.iter().flatten().any(|c| c.type_ == "Ready" && c.status == "True");
    format!("{}{}", s.phase.clone().unwrap_or_default(), if ready { "" } else { "/unready" })
}

#[tokio::test(start_paused = true)]
async fn overview() {
    let began = std::time::Instant::now();
    let demo = demo::start_at(7, Clock::starting_at(START));
    println!("start {:?}", began.elapsed());
    let client = Client::new(demo.service(), "default");
    let pods: Api<Pod> = Api::all(client.clone());
    let list = pods.list(&ListParams::default()).await.unwrap();
    println!("listable {:?} pods {}", began.elapsed(), list.items.len());
    let mut by: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for p in &list.items {
        by.entry(status(p)).or_default().push(format!("{}/{}", p.namespace().unwrap(), p.name_any()));
    }
    for (s, names) in &by {
        println!("{s}: {} {:?}", names.len(), names.iter().take(if s == "Running" { 2 } else { 8 }).collect::<Vec<_>>());
    }
    let d: Api<Deployment> = Api::all(client.clone());
    let ds = d.list(&ListParams::default()).await.unwrap();
    println!("deployments {}", ds.items.len());
    for x in &ds.items {
        let s = x.status.clone().unwrap();
        if s.unavailable_replicas.unwrap_or(0) > 0 {
            println!("  {}/{} {:?}/{:?} {:?}", x.namespace().unwrap(), x.name_any(), s.ready_replicas, s.replicas, s.conditions.unwrap().iter().map(|c| c.reason.clone().unwrap()).collect::<Vec<_>>());
        }
    }
    let rs: Api<ReplicaSet> = Api::all(client.clone());
    println!("rs {}", rs.list(&ListParams::default()).await.unwrap().items.len());
    let ns: Api<Namespace> = Api::all(client.clone());
    println!("ns {}", ns.list(&ListParams::default()).await.unwrap().items.len());
    let nodes: Api<Node> = Api::all(client.clone());
    for n in nodes.list(&ListParams::default()).await.unwrap() {
        let c = n.status.unwrap().conditions.unwrap().into_iter().find(|c| c.type_ == "Ready").unwrap();
        println!("{} {}", n.metadata.name.unwrap(), c.status);
    }
    let before = demo.sim().revision();
    tokio::time::sleep(Duration::from_secs(600)).await;
    println!("writes in 10 min: {} ", demo.sim().revision() - before);
    let _ = pods.list(&ListParams::default()).await.unwrap();
}
