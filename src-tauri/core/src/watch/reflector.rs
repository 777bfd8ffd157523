//! Fills a mirror from the API server: list, watch, resume, re-list.
//!
//! A list tells everything once, a watch tells what changed since; a watch that ends is resumed
//! where it stopped, and only a server that has forgotten that place (410) is listed again. Every
//! failure is told as an honest freshness and followed by a growing pause. A user who may not list
//! the whole cluster gets the namespaces that are known to him instead.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{StreamExt, stream::FuturesUnordered};
use kube::Client;
use kubegraf_ipc::object::Freshness;
use tokio::sync::watch;

use super::{
    broken::{Backoff, Broken},
    mirror::Writer,
    source::{Scope, Source, Told},
};
use crate::{clock::Clock, kinds::Kind, objects::Object};

/// Permissions change without a word: a forbidden kind is asked for again this often.
const ASK_AGAIN: Duration = Duration::from_secs(60);
/// A watch that ends sooner than this without a word is not resumed at once.
const TOO_SHORT: Duration = Duration::from_secs(1);

/// What a reflector needs.
pub(super) struct Reflector<K: Kind> {
    pub(super) client: Client,
    pub(super) writer: Mutex<Writer<K>>,
    pub(super) clock: Arc<dyn Clock>,
    /// Where to look when the whole cluster may not be listed.
    pub(super) namespaces: watch::Receiver<Vec<String>>,
}

/// Why a scope is given up.
struct Refused;

impl<K: Kind> Reflector<K> {
    /// Runs until it is dropped.
    pub(super) async fn run(self) {
        let whole = match K::ONLY_IN {
            Some(namespace) => Scope::Namespace(namespace.into()),
            None => Scope::Cluster,
        };
        loop {
            let Refused = self.follow(&whole).await;
            let known = self.namespaces.borrow().iter().any(|n| !n.is_empty());
            if K::NAMESPACED && K::ONLY_IN.is_none() && known {
                self.writer().forget(&whole);
                self.follow_namespaces().await;
            } else {
                let mut namespaces = self.namespaces.clone();
                let changed = async {
                    if namespaces.changed().await.is_err() {
                        std::future::pending::<()>().await;
                    }
                };
                let _ = tokio::time::timeout(ASK_AGAIN, changed).await;
            }
        }
    }

    /// Follows each known namespace until none is known or the whole cluster may be listed.
    async fn follow_namespaces(&self) {
        let mut namespaces = self.namespaces.clone();
        let granted = self.granted();
        tokio::pin!(granted);
        loop {
            let wanted: BTreeSet<_> = namespaces
                .borrow_and_update()
                .iter()
                .filter(|namespace| !namespace.is_empty())
                .map(|namespace| Scope::Namespace(namespace.clone()))
                .collect();
            let gone: Vec<_> = {
                let writer = self.writer();
                writer
                    .scopes()
                    .filter(|scope| !wanted.contains(scope))
                    .cloned()
                    .collect()
            };
            for scope in &gone {
                self.writer().forget(scope);
            }
            if wanted.is_empty() {
                return;
            }
            let mut running: FuturesUnordered<_> = wanted
                .iter()
                .map(|scope| async move {
                    loop {
                        let Refused = self.follow(scope).await;
                        tokio::time::sleep(ASK_AGAIN).await;
                    }
                })
                .collect();
            tokio::select! {
                Some(()) = running.next() => {}
                () = &mut granted => return,
                changed = namespaces.changed() => if changed.is_err() {
                    granted.await;
                    return;
                },
            }
        }
    }

    /// Waits until the user may list the whole cluster.
    async fn granted(&self) {
        let source = Source::<K::Object>::new(self.client.clone(), &Scope::Cluster);
        loop {
            tokio::time::sleep(ASK_AGAIN).await;
            if source.may_list().await {
                return;
            }
        }
    }

    /// Lists and watches one scope until the user may not.
    async fn follow(&self, scope: &Scope) -> Refused {
        let source = Source::<K::Object>::new(self.client.clone(), scope);
        let mut backoff = Backoff::new();
        let mut version: Option<String> = None;
        loop {
            let begun = tokio::time::Instant::now();
            let ended = match version.take() {
                // No reason to start over: a server that forgets at once would be listed in a hot loop.
                None => self.list(&source, scope).await.map(|listed| {
                    version = Some(listed);
                }),
                Some(from) => {
                    let (told, ended) = self.watch(&source, scope, from).await;
                    version = Some(told.version);
                    if told.any || (ended.is_ok() && begun.elapsed() >= TOO_SHORT) {
                        backoff.reset();
                    } else if ended.is_ok() {
                        tokio::time::sleep(backoff.pause()).await;
                    }
                    ended
                }
            };
            let Err(broken) = ended else { continue };
            tracing::debug!(kind = K::Object::PLURAL, error = %broken, "watch broke");
            match broken {
                Broken::Forbidden { verb, message } => {
                    self.writer().mark(scope, forbidden::<K>(verb, message));
                    return Refused;
                }
                Broken::Gone { .. } => {
                    // A storm of these must not become a storm of lists, nor its pauses pass for live.
                    self.reconnecting(scope, &broken);
                    version = None;
                    tokio::time::sleep(backoff.pause()).await;
                }
                broken => {
                    self.reconnecting(scope, &broken);
                    let pause = backoff.pause();
                    let pause = broken.retry_after().map_or(pause, |after| after.max(pause));
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    async fn list(&self, source: &Source<K::Object>, scope: &Scope) -> Result<String, Broken> {
        self.writer().list_begins(scope);
        if self.writer().is_new(scope)
            && let Some(glance) = source.glance().await?
        {
            match glance.version {
                Some(version) => {
                    self.writer().listed(scope, glance.objects);
                    self.writer().list_ends(scope);
                    return Ok(version);
                }
                None => self.writer().glanced(scope, glance.objects),
            }
        }
        let version = source
            .list(|objects| self.writer().listed(scope, objects))
            .await?;
        self.writer().list_ends(scope);
        Ok(version)
    }

    async fn watch(
        &self,
        source: &Source<K::Object>,
        scope: &Scope,
        version: String,
    ) -> (Heard, Result<(), Broken>) {
        let mut heard = Heard {
            version,
            any: false,
        };
        let from = heard.version.clone();
        let take = |told: Vec<Told<K::Object>>| {
            let Some(last) = told.last() else { return };
            heard.any = true;
            heard.version = match last {
                Told::Applied(object) | Told::Deleted(object) => {
                    object.metadata().resource_version.to_string()
                }
                Told::Bookmark(version) => version.clone(),
            };
            self.writer().told(scope, told);
        };
        let revived = || self.writer().told(scope, Vec::new());
        let ended = source.watch(&from, revived, take).await;
        (heard, ended)
    }

    /// Repeated errors keep the moment of the first one.
    fn reconnecting(&self, scope: &Scope, broken: &Broken) {
        let mut writer = self.writer();
        let since = match writer.freshness(scope) {
            Freshness::Reconnecting { since, .. } => since,
            _ => self.clock.epoch_seconds(),
        };
        let asked = broken.retry_after().map(|after| after.as_secs());
        let throttled_until = asked
            .and_then(|seconds| i64::try_from(seconds).ok())
            .map(|seconds| self.clock.epoch_seconds() + seconds);
        let broken = Freshness::Reconnecting {
            since,
            error: broken.to_string(),
            throttled_until,
        };
        writer.mark(scope, broken);
    }

    fn writer(&self) -> std::sync::MutexGuard<'_, Writer<K>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far a watch came.
struct Heard {
    version: String,
    any: bool,
}

fn forbidden<K: Kind>(verb: &str, message: String) -> Freshness {
    let resource = if K::Object::GROUP.is_empty() {
        K::Object::PLURAL.into()
    } else {
        format!("{}.{}", K::Object::PLURAL, K::Object::GROUP)
    };
    Freshness::Forbidden {
        verb: verb.into(),
        resource,
        message,
    }
}
