//! The main job, whole: find what is broken and why, preview the way back, apply it, watch it work.

use std::time::Duration;

use kubegraf_testcluster::{Cluster, Options, Tier, require};
use serde_json::json;

use crate::{
    display::journey,
    page::{Page, SOON, quoted},
};

/// A rollback has to replace pods; on a busy machine that takes a while.
const HEALING: Duration = Duration::from_secs(180);

/// Where the broken Deployment is.
struct Broken {
    namespace: &'static str,
    name: &'static str,
    cluster: String,
}

async fn heals(page: &Page, broken: &Broken) -> Result<(), String> {
    page.go("incidents").await?;
    let find = format!(
        "const all = [...document.querySelectorAll('[data-incident]')]; \
         const it = all.find(e => ['image_pull_error', 'deployment_rollout_failure'].includes(e.dataset.type) \
         && e.innerText.includes({})); return it ? it.dataset.incident : null",
        quoted(broken.name)
    );
    let id = page
        .until("incident of the broken rollout", HEALING, &find)
        .await?;
    let id = id.as_str().unwrap_or_default().to_owned();
    page.click(&format!("[data-incident=\"{id}\"]")).await?;

    page.sees("[data-incident-detail]", SOON).await?;
    let detail = page.text("[data-incident-detail]").await?;
    for word in [broken.name, "status.containerStatuses"] {
        if !detail.contains(word) {
            return Err(format!("the detail does not show \"{word}\": {detail}"));
        }
    }

    page.click("[data-incident-detail] button[data-fix-index=\"0\"]")
        .await?;
    page.sees("[role=dialog] button[data-action=\"apply\"]", SOON)
        .await?;
    let dialog = page.text("[role=dialog]").await?;
    for word in ["image", broken.namespace, &broken.cluster] {
        if !dialog.contains(word) {
            return Err(format!("the preview does not show \"{word}\": {dialog}"));
        }
    }
    page.click("[role=dialog] button[data-action=\"apply\"]")
        .await?;

    let done = "[data-execution][data-status=\"succeeded\"][data-outcome=\"healed\"]";
    if let Err(error) = page.sees(done, HEALING).await {
        let dock = page.text("[data-execution]").await.unwrap_or_default();
        return Err(format!("{error}; the execution says: {dock}"));
    }
    if page.count("[data-execution] [data-line]").await? < 2 {
        return Err("the execution streamed no lines".into());
    }
    let resolved = format!("[data-incident=\"{id}\"][data-state=\"resolved\"]");
    page.sees(&resolved, HEALING).await?;
    page.sees("[data-incident-detail][data-state=\"resolved\"]", SOON)
        .await?;
    match page
        .count("[data-incident-detail] button[data-fix-index]")
        .await?
    {
        0 => Ok(()),
        _ => Err("a resolved incident still offers its fixes".into()),
    }
}

/// Covers: FIX-01, FIX-02, FIX-03, FIX-04, FIX-06, INC-20, EXE-03
#[tokio::test]
async fn a_rollout_that_cannot_pull_its_image_is_healed_on_the_demo_cluster() {
    journey("main_job_demo", None, |page| async move {
        let broken = Broken {
            namespace: "shop",
            name: "checkout",
            cluster: "Demo cluster".into(),
        };
        heals(&page, &broken).await
    })
    .await;
}

/// Covers: FIX-01, FIX-03, FIX-06, INC-07, CLU-01
#[tokio::test]
async fn a_rollout_that_cannot_pull_its_image_is_healed_on_a_real_cluster() {
    if !require(Tier::Real) {
        return;
    }
    let cluster = Cluster::up(Options::real())
        .await
        .expect("the real cluster comes up");
    deploy(&cluster).await;
    let kubeconfig = cluster.kubeconfig().to_owned();
    let context = cluster
        .run(&["config", "current-context"])
        .await
        .expect("it has a context");
    let missing = format!("app={}", cluster.image("app:missing"));
    cluster
        .run(&[
            "-n",
            "shop",
            "set",
            "image",
            "deployment/checkout",
            &missing,
        ])
        .await
        .expect("the image is set");

    journey("main_job_real", Some(&kubeconfig), |page| async move {
        page.go("pods").await?;
        page.sees("[role=grid] [role=row][data-name^=\"checkout-\"]", SOON).await?;
        let pulling = "const rows = [...document.querySelectorAll('[role=row][data-name^=\"checkout-\"]')]; \
            return rows.some(r => /ErrImagePull|ImagePullBackOff/.test(r.innerText))";
        page.until("pod that cannot pull its image", HEALING, pulling).await?;
        let broken = Broken { namespace: "shop", name: "checkout", cluster: context.trim().into() };
        heals(&page, &broken).await
    })
    .await;

    let image = cluster
        .run(&[
            "-n",
            "shop",
            "get",
            "deployment",
            "checkout",
            "-o",
            "jsonpath={.spec.template.spec.containers[0].image}",
        ])
        .await
        .expect("the deployment is there");
    assert_eq!(
        image,
        cluster.image("app:v1"),
        "kubectl sees the image of the good revision"
    );
    cluster.down().await.expect("the cluster goes down");
}

/// A Deployment that runs, and has run: its first revision is good.
async fn deploy(cluster: &Cluster) {
    let manifests = json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
        {"apiVersion": "apps/v1", "kind": "Deployment",
         "metadata": {"name": "checkout", "namespace": "shop"},
         "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "checkout"}}, "template": {
             "metadata": {"labels": {"app": "checkout"}},
             "spec": {"terminationGracePeriodSeconds": 1, "containers": [{
                 "name": "app", "image": cluster.image("app:v1"),
                 "ports": [{"containerPort": 8080}]}]}}}}
    ]});
    cluster
        .apply(&manifests.to_string())
        .await
        .expect("the manifests are accepted");
    cluster
        .run(&[
            "-n",
            "shop",
            "rollout",
            "status",
            "deployment/checkout",
            "--timeout=120s",
        ])
        .await
        .expect("the first revision becomes available");
}
