//! Several clusters: the list, switches that work and switches that fail, consent, and broken files.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use crate::{
    display::{agree, first_start, journey},
    page::{Page, SOON, quoted},
    servers::{Server, kubeconfig},
};

/// The line of a context.
fn line(name: &str) -> String {
    format!("[data-cluster-line=\"context:{name}\"]")
}

async fn stands(page: &Page, name: &str, word: &str) -> Result<(), String> {
    let css = format!("{}[data-state={}]", line(name), quoted(word));
    if let Err(error) = page.sees(&css, SOON).await {
        let is = page.text(&line(name)).await.unwrap_or_default();
        return Err(format!("{error}; the line of \"{name}\" says {is:?}"));
    }
    Ok(())
}

/// Waits until an element's text holds every word.
async fn says(page: &Page, css: &str, words: &[&str]) -> Result<(), String> {
    let wanted = serde_json::to_string(words).map_err(|e| e.to_string())?;
    let script = format!(
        "const text = document.querySelector({})?.innerText ?? ''; return {wanted}.every(word => text.includes(word))",
        quoted(css)
    );
    if let Err(error) = page
        .until(&format!("{words:?} in {css}"), SOON, &script)
        .await
    {
        return Err(format!(
            "{error}: {:?}",
            page.text(css).await.unwrap_or_default()
        ));
    }
    Ok(())
}

async fn types(page: &Page, css: &str, text: &str) -> Result<(), String> {
    page.sees(css, SOON).await?;
    let script = format!(
        "const field = document.querySelector({}); field.value = {}; \
         field.dispatchEvent(new Event('input', {{bubbles: true}})); return 1",
        quoted(css),
        quoted(text)
    );
    page.run(&script).await.map(drop)
}

async fn on(page: &Page, name: &str) -> Result<(), String> {
    page.sees(&format!("button[aria-label=\"Cluster: {name}\"]"), SOON)
        .await
}

/// Covers: CLU-01, CLU-02, CLU-04, CLU-05, CLU-06, CLU-07, CLU-08, CLU-11, CLU-24, ERR-08
#[tokio::test]
async fn a_switch_waits_for_the_answer_and_a_failed_one_keeps_the_old_cluster() {
    let (east, west) = (Server::start("east").await, Server::start("west").await);
    let gone = Server::refusing("gone");
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("config");
    fs::write(&file, kubeconfig(&[&east, &west, &gone])).expect("it is written");
    let path = file.display().to_string();

    journey("switch", Some(&file), |page| async move {
        page.go("cluster-manager").await?;
        stands(&page, "east", "in use").await?;
        stands(&page, "west", "answers").await?;
        stands(&page, "gone", "not answering").await?;
        says(&page, "[data-counts]", &["3 contexts in 1 file"]).await?;
        page.click(&format!("{} [data-cluster-name]", line("gone")))
            .await?;
        says(
            &page,
            "[data-cluster-detail]",
            &["gone", &path, "plain http"],
        )
        .await?;

        page.click(&format!("{} [data-switch]", line("gone")))
            .await?;
        page.sees("[role=dialog] [data-switch-failed=\"context:gone\"]", SOON)
            .await?;
        says(&page, "[role=dialog] [data-stays]", &["east stays in use"]).await?;
        page.sees("[role=dialog] [data-check=failed] .step-advice", SOON)
            .await?;
        says(&page, "[role=dialog] [data-check=failed]", &["refused"]).await?;
        on(&page, "east").await?;
        page.click("[data-action=close-failed]").await?;
        stands(&page, "east", "in use").await?;
        page.go("namespaces").await?;
        says(&page, "[role=grid]", &["home-east"]).await?;

        page.click("button[aria-label=\"Cluster: east\"]").await?;
        page.click("[data-cluster=\"context:west\"]").await?;
        page.sees("main[data-view=dashboard]", SOON).await?;
        on(&page, "west").await?;
        says(&page, "[aria-label=Messages]", &["Now on west"]).await?;
        page.go("namespaces").await?;
        says(&page, "[role=grid]", &["home-west"]).await?;
        if page.text("[role=grid]").await?.contains("home-east") {
            return Err("the other cluster's namespaces are still shown".into());
        }
        page.go("cluster-manager").await?;
        stands(&page, "west", "in use").await?;
        // The connection of before stays open a while: that is said.
        page.click("button[aria-label=\"Cluster: west\"]").await?;
        says(&page, "[data-cluster=\"context:east\"]", &["open"]).await
    })
    .await;
}

/// Covers: CLU-16
#[tokio::test]
async fn the_namespaces_chosen_are_those_of_each_cluster() {
    let (east, west) = (Server::start("east").await, Server::start("west").await);
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("config");
    fs::write(&file, kubeconfig(&[&east, &west])).expect("it is written");
    journey("namespaces", Some(&file), |page| async move {
        let switch = async |from: &str, to: &str| {
            page.click(&format!("button[aria-label=\"Cluster: {from}\"]"))
                .await?;
            page.click(&format!("[data-cluster=\"context:{to}\"]"))
                .await?;
            on(&page, to).await
        };
        on(&page, "east").await?;
        page.click("button[aria-label=\"Namespaces: All namespaces\"]")
            .await?;
        page.click("[data-namespace-choice=\"home-east\"]").await?;
        page.sees("button[aria-label=\"Namespaces: home-east\"]", SOON)
            .await?;
        switch("east", "west").await?;
        page.sees("button[aria-label=\"Namespaces: All namespaces\"]", SOON)
            .await?;
        switch("west", "east").await?;
        page.sees("button[aria-label=\"Namespaces: home-east\"]", SOON)
            .await?;
        page.client().refresh().await.map_err(|e| e.to_string())?;
        page.sees("button[aria-label=\"Namespaces: home-east\"]", SOON)
            .await
    })
    .await;
}

/// Writes a program that gives `token`, and notes each run in `runs`.
fn program(path: &Path, runs: &Path, token: &str) {
    let credential = format!(
        "{{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{{\"token\":\"{token}\"}}}}"
    );
    let script = format!(
        "#!/bin/sh\necho >> '{}'\nprintf '%s' '{credential}'\n",
        runs.display()
    );
    fs::write(path, script).expect("it is written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it may run");
}

/// Covers: CLU-06, CLU-08
#[tokio::test]
async fn a_program_for_credentials_runs_only_once_it_is_allowed() {
    let open = Server::start("open").await;
    let guarded = Server::wanting("guarded", "s3cret").await;
    let dir = tempfile::tempdir().expect("a directory");
    let (login, runs) = (dir.path().join("login"), dir.path().join("runs"));
    program(&login, &runs, "s3cret");
    let exec = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {}, args: [get-token, --cluster=prod], \
         env: [{{name: AWS_PROFILE, value: hidden-value}}], interactiveMode: Never}}}}",
        login.display()
    );
    let file = dir.path().join("config");
    let config = kubeconfig(&[&open, &guarded]).replace(
        "name: guarded, user: {token: t}",
        &format!("name: guarded, user: {exec}"),
    );
    fs::write(&file, config).expect("it is written");
    let (command, path) = (login.display().to_string(), file.display().to_string());

    journey("consent", Some(&file), |page| async move {
        page.go("cluster-manager").await?;
        stands(&page, "guarded", "needs your consent").await?;
        page.click(&format!("{} [data-switch]", line("guarded")))
            .await?;
        page.sees("[role=dialog] [data-consent=\"context:guarded\"]", SOON)
            .await?;
        let shown = page.text("[role=dialog]").await?;
        for word in [
            command.as_str(),
            "get-token",
            "--cluster=prod",
            "AWS_PROFILE",
            path.as_str(),
        ] {
            if !shown.contains(word) {
                return Err(format!("the dialog does not show {word:?}: {shown}"));
            }
        }
        if shown.contains("hidden-value") {
            return Err("the value of a variable is shown".into());
        }
        page.click("[data-action=refuse-exec]").await?;
        page.until(
            "closed dialog",
            SOON,
            "return document.querySelector('[role=dialog]') === null",
        )
        .await?;
        on(&page, "open").await?;
        if runs.exists() {
            return Err("it ran before it was allowed".into());
        }
        page.click(&format!("{} [data-switch]", line("guarded")))
            .await?;
        page.click("[data-action=allow-exec]").await?;
        page.sees("main[data-view=dashboard]", SOON).await?;
        on(&page, "guarded").await?;
        if !runs.exists() {
            return Err("it never ran".into());
        }
        page.go("cluster-manager").await?;
        stands(&page, "guarded", "in use").await
    })
    .await;
}

/// Covers: CLU-01, CLU-03
#[tokio::test]
async fn a_broken_kubeconfig_is_explained_and_files_come_and_go() {
    let (good, extra) = (Server::start("good").await, Server::start("extra").await);
    let late = Server::start("late").await;
    let dir = tempfile::tempdir().expect("a directory");
    let [broken, whole, added] = ["broken", "whole", "added"].map(|name| dir.path().join(name));
    fs::write(
        &broken,
        "apiVersion: v1\nkind: Config\nclusters: [unclosed\n",
    )
    .expect("it is written");
    fs::write(&whole, kubeconfig(&[&good])).expect("it is written");
    fs::write(&added, kubeconfig(&[&extra])).expect("it is written");
    let both = std::env::join_paths([&broken, &whole]).expect("no path holds a colon");
    let (text, mended) = (kubeconfig(&[&late]), broken.clone());

    journey(
        "broken_kubeconfig",
        Some(Path::new(&both)),
        |page| async move {
            page.go("cluster-manager").await?;
            let notice = format!("[data-problem={}]", quoted(&broken.display().to_string()));
            says(&page, &notice, &["Left out", "line"]).await?;
            stands(&page, "good", "in use").await?;

            // Mended while the app runs: it is taken without a word from anybody.
            fs::write(&mended, text).map_err(|e| e.to_string())?;
            page.sees(&line("late"), SOON).await?;
            stands(&page, "late", "answers").await?;
            let gone = format!(
                "return document.querySelector({}) === null",
                quoted(&notice)
            );
            page.until("no notice any more", SOON, &gone).await?;

            page.click("[data-action=add-file]").await?;
            types(&page, "[data-field=kubeconfig]", "relative/path").await?;
            page.click("[data-action=add-kubeconfig]").await?;
            says(&page, "#add-file-error", &["relative/path", "absolute"]).await?;
            types(
                &page,
                "[data-field=kubeconfig]",
                &added.display().to_string(),
            )
            .await?;
            page.click("[data-action=add-kubeconfig]").await?;
            stands(&page, "extra", "answers").await?;
            let file = format!("[data-file={}]", quoted(&added.display().to_string()));
            page.click(&format!("{file} [data-action=remove-file]"))
                .await?;
            let gone = format!(
                "return document.querySelector({}) === null",
                quoted(&line("extra"))
            );
            page.until("context of the removed file gone", SOON, &gone)
                .await?;
            match added.exists() {
                true => Ok(()),
                false => Err("the file itself was removed".into()),
            }
        },
    )
    .await;
}

/// Covers: CLU-03
#[tokio::test]
async fn a_first_start_with_nothing_but_a_broken_kubeconfig_says_what_is_wrong_with_it() {
    let good = Server::start("good").await;
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("config");
    fs::write(&file, "apiVersion: v1\nkind: Config\nclusters: [unclosed\n").expect("it is written");
    let (mended, text) = (file.clone(), kubeconfig(&[&good]));
    first_start("first-broken", Some(&file), |page| async move {
        agree(&page).await?;
        let path = mended.display().to_string();
        says(
            &page,
            "[data-connect]",
            &["demo cluster", &path, "line", "cannot be read"],
        )
        .await?;
        page.click("[data-connect] a").await?;
        says(
            &page,
            &format!("[data-problem={}]", quoted(&path)),
            &["Left out"],
        )
        .await?;
        fs::write(&mended, text).map_err(|e| e.to_string())?;
        stands(&page, "good", "answers").await?;
        page.click(&format!("{} [data-switch]", line("good")))
            .await?;
        on(&page, "good").await?;
        page.go("dashboard").await?;
        page.sees("[data-tile]", SOON).await?;
        match page.count("[data-connect]").await? {
            0 => Ok(()),
            _ => Err("who has a cluster is still shown the way to one".into()),
        }
    })
    .await;
}

/// Covers: CLU-11
#[tokio::test]
async fn sixty_contexts_are_found_by_name_and_by_state() {
    let home = Server::start("home").await;
    let far: Vec<Server> = (0..60)
        .map(|i| Server::refusing(&format!("far-{i:02}")))
        .collect();
    let all: Vec<&Server> = std::iter::once(&home).chain(&far).collect();
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("config");
    fs::write(&file, kubeconfig(&all)).expect("it is written");
    journey("contexts", Some(&file), |page| async move {
        page.go("cluster-manager").await?;
        let lines = |count: u32| {
            format!("return document.querySelectorAll('[data-cluster-line]').length === {count}")
        };
        // The demo cluster is one too.
        page.until("62 lines", SOON, &lines(62)).await?;
        types(&page, "[aria-label=\"Find a cluster\"]", "far-4").await?;
        page.until("10 lines", SOON, &lines(10)).await?;
        types(&page, "[aria-label=\"Find a cluster\"]", "").await?;
        page.click("[data-group=Answering]").await?;
        page.until("1 line", SOON, &lines(1)).await?;
        stands(&page, "home", "in use").await?;
        says(&page, "[data-group=\"Not answering\"]", &["60"]).await
    })
    .await;
}
