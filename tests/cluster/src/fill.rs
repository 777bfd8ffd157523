//! Pods to start with: Deployments that the real controllers scale, never pods made by hand.

use std::fmt::Write as _;

use crate::{Cluster, Error, Options, Tier};

/// More pods in one Deployment than this would make a list of Deployments unlike any real one.
const PODS_EACH: u32 = 100;

/// Beyond this many the scheduler, two more writes for each pod, is spared: every Deployment names
/// its node.
const SCHEDULED: u32 = 1_000;

/// Creates the Deployments in the namespace `fill` and waits until their pods are Ready.
pub(crate) async fn raise(cluster: &Cluster, options: &Options, image: &str) -> Result<(), Error> {
    if options.pods == 0 {
        return Ok(());
    }
    let mut manifests = String::from("apiVersion: v1\nkind: Namespace\nmetadata: {name: fill}\n");
    let mut left = options.pods;
    for index in 0.. {
        let replicas = left.min(PODS_EACH);
        if replicas == 0 {
            break;
        }
        left -= replicas;
        let node = if options.tier == Tier::Kwok && options.pods > SCHEDULED {
            format!("      nodeName: node-{}\n", index % options.nodes)
        } else {
            String::new()
        };
        let _ = write!(
            manifests,
            "---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: fill-{index}, namespace: fill, labels: {{app: fill-{index}}}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: fill-{index}}}}}
  template:
    metadata: {{labels: {{app: fill-{index}}}}}
    spec:
{node}      terminationGracePeriodSeconds: 1
      containers:
      - name: app
        image: {image}
        resources: {{requests: {{cpu: 1m, memory: 1Mi}}}}
"
        );
    }
    cluster.create(&manifests).await?;
    let what = format!("{} pods are Ready", options.pods);
    cluster
        .eventually(&what, options.time_limit(), async || {
            let seen = cluster
                .run(&["get", "deployments", "-n", "fill", "-o", READY])
                .await;
            let seen = seen.map_err(|error| error.to_string())?;
            let ready: u32 = seen
                .split_whitespace()
                .filter_map(|n| n.parse::<u32>().ok())
                .sum();
            if ready == options.pods {
                Ok(())
            } else {
                Err(format!("{ready} are"))
            }
        })
        .await
}

const READY: &str = "jsonpath={.items[*].status.readyReplicas}";
