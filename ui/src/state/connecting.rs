//! The ways to a cluster: switching, looking, consenting to a program for credentials, and the doctor's
//! report when a cluster does not answer. What there is to connect to is the session's.

use std::{collections::BTreeSet, time::Duration};

use kubegraf_ipc::{
    Error,
    cluster::{
        AllowExec, ClusterEntry, ExecPlugin, RefreshClusters, SetProtected, SwitchCluster,
        TestCluster,
    },
    doctor::{DiagnoseCluster, Diagnosis},
    notice::{NoticeLevel, NoticeSource},
};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;

use crate::{
    ipc,
    route::{Page, Route},
    state::{
        navigation::Navigation,
        notices::{News, tell},
        session::Session,
        toasts::Toasts,
    },
};

/// How often clusters are looked at while a view lists them.
const EVERY: Duration = Duration::from_secs(30);

/// What is under way, and what waits for a person.
#[derive(Clone, Copy, Debug)]
pub struct Connecting {
    /// Clusters that are being looked at now, by id.
    pub testing: RwSignal<BTreeSet<String>>,
    /// Whether all of them are.
    pub refreshing: RwSignal<bool>,
    /// A program that waits for consent.
    pub asked: RwSignal<Option<Asked>>,
    /// A switch that failed.
    pub failed: RwSignal<Option<Failed>>,
    session: Session,
    navigation: Navigation,
    toasts: Toasts,
}

/// A program that a person has to allow first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The cluster it is for.
    pub cluster: String,
    /// What would run.
    pub plugin: ExecPlugin,
    /// What goes on once it is allowed.
    pub then: Then,
}

/// What goes on once a program is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The switch that needed it.
    Switch,
    /// The look that needed it.
    Look,
}

/// A switch that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The cluster that did not answer.
    pub cluster: String,
    /// What it is called.
    pub name: String,
    /// What stays in use; empty when nothing was.
    pub stays: String,
    /// Why.
    pub error: Error,
}

impl Connecting {
    /// Nothing is under way.
    pub fn provide(session: Session, navigation: Navigation, toasts: Toasts) -> Self {
        let connecting = Self {
            testing: RwSignal::new(BTreeSet::new()),
            refreshing: RwSignal::new(false),
            asked: RwSignal::new(None),
            failed: RwSignal::new(None),
            session,
            navigation,
            toasts,
        };
        provide_context(connecting);
        // The tray hands its choice over: it is asked, made and explained here as any other.
        let chosen = window_event_listener_untyped("kubegraf-switch", move |event| {
            let detail = event.dyn_into::<web_sys::CustomEvent>().ok();
            if let Some(cluster) = detail.and_then(|event| event.detail().as_string()) {
                connecting.switch(cluster);
            }
        });
        on_cleanup(move || chosen.remove());
        connecting
    }

    /// The ways provided above.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// Makes another cluster the active one once it has answered; a later switch gives this one up.
    pub fn switch(self, cluster: String) {
        let under_way = self.session.switching.get_untracked();
        if under_way.as_ref() == Some(&cluster) {
            return;
        }
        let name = self.session.name_of(&cluster);
        self.failed.set(None);
        self.session.switching.set(Some(cluster.clone()));
        spawn_local(async move {
            let request = SwitchCluster {
                request_id: ipc::request_id(),
                cluster: cluster.clone(),
            };
            let answer = ipc::call(request).await;
            let ours = self.session.switching.get_untracked().as_ref() == Some(&cluster);
            if !ours {
                return;
            }
            self.session.switching.set(None);
            match answer {
                Ok(status) => {
                    self.session.status.set(Some(status));
                    self.toasts.say(format!("Now on {name}."));
                    tell(told(
                        NoticeLevel::Success,
                        &name,
                        format!("Now on {name}."),
                        None,
                    ));
                    self.navigation.go(&Route::Page(Page::Dashboard));
                }
                Err(error) if self.ask(&error, Then::Switch) => {}
                Err(error) => {
                    let title = format!("Switching to {name} failed: {}", error.message);
                    tell(told(NoticeLevel::Error, &name, title, error.detail.clone()));
                    self.failed.set(Some(Failed {
                        cluster,
                        name,
                        stays: match self.session.cluster.get_untracked() {
                            Some(_) => self.session.cluster_name(),
                            None => String::new(),
                        },
                        error,
                    }));
                }
            }
        });
    }

    /// Looks at one cluster without switching to it; its line then says what was found.
    pub fn look(self, cluster: String) {
        if !self
            .testing
            .try_update(|testing| testing.insert(cluster.clone()))
            .unwrap_or(false)
        {
            return;
        }
        spawn_local(async move {
            let request = TestCluster {
                cluster: cluster.clone(),
            };
            let answer = ipc::call(request).await;
            self.testing.update(|testing| {
                testing.remove(&cluster);
            });
            if let Err(error) = answer
                && !self.ask(&error, Then::Look)
            {
                let name = self.session.name_of(&cluster);
                self.toasts
                    .complain(&format!("looking at \"{name}\""), &error);
            }
        });
    }

    /// Reads the files again and looks at every cluster.
    pub fn refresh(self) {
        if self.refreshing.get_untracked() {
            return;
        }
        self.refreshing.set(true);
        spawn_local(async move {
            match ipc::call(RefreshClusters {}).await {
                Ok(list) => self.session.clusters.set(list),
                Err(error) => self.toasts.complain("looking at the clusters", &error),
            }
            self.refreshing.set(false);
        });
    }

    /// Looks at every cluster now and again for as long as the owner lives.
    pub fn keep_looking(self) {
        self.refresh();
        let hidden = || document().visibility_state() == web_sys::VisibilityState::Hidden;
        let round = set_interval_with_handle(
            move || {
                if !hidden() {
                    self.refresh();
                }
            },
            EVERY,
        );
        if let Ok(round) = round {
            on_cleanup(move || round.clear());
        }
    }

    /// Walks the way to a cluster and hands over what was found.
    pub fn diagnose(self, cluster: String, report: RwSignal<Option<Result<Diagnosis, Error>>>) {
        report.set(None);
        spawn_local(async move {
            let answer = ipc::call(DiagnoseCluster { cluster }).await;
            report.try_set(Some(answer));
        });
    }

    /// Shows what a cluster wants to run, if it waits for consent.
    pub fn review(self, entry: &ClusterEntry) {
        if let Some(plugin) = entry.exec.clone() {
            self.asked.set(Some(Asked {
                cluster: entry.id.clone(),
                plugin,
                then: Then::Look,
            }));
        }
    }

    /// Allows what was shown, and goes on with what needed it.
    pub fn allow(self, asked: Asked) {
        self.asked.set(None);
        spawn_local(async move {
            let request = AllowExec {
                request_id: ipc::request_id(),
                cluster: asked.cluster.clone(),
                hash: asked.plugin.hash,
            };
            match (ipc::call(request).await, asked.then) {
                (Ok(()), Then::Switch) => self.switch(asked.cluster),
                (Ok(()), Then::Look) => self.look(asked.cluster),
                (Err(error), _) => self.toasts.complain("allowing the program", &error),
            }
        });
    }

    /// Protects a cluster, or ends that.
    pub fn protect(self, cluster: String, protected: bool) {
        spawn_local(async move {
            let request = SetProtected {
                request_id: ipc::request_id(),
                cluster,
                protected,
            };
            if let Err(error) = ipc::call(request).await {
                self.toasts.complain("protecting the cluster", &error);
            }
        });
    }

    /// Asks for consent when that is what is missing.
    fn ask(self, error: &Error, then: Then) -> bool {
        let Some(consent) = error.consent.as_deref() else {
            return false;
        };
        self.asked.set(Some(Asked {
            cluster: consent.cluster.clone(),
            plugin: consent.plugin.clone(),
            then,
        }));
        true
    }
}

fn told(level: NoticeLevel, cluster: &str, title: String, detail: Option<String>) -> News {
    News {
        key: String::new(),
        level,
        source: NoticeSource::Cluster,
        cluster: cluster.to_owned(),
        title,
        detail,
        route: Some(Route::Page(Page::Clusters)),
    }
}
