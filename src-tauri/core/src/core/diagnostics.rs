//! What is attached to an issue: how the app is and what it did, and nothing that names a cluster, an
//! object, a person or a place. It is put together from figures and our own words, so there is nothing to
//! take out afterwards.

use std::env::consts::{ARCH, OS};

use kubegraf_ipc::{
    Code, Error, Reply,
    inspect::{ConnectionStats, ExportDiagnostics, GetCacheStats},
    preferences::Preferences,
};
use serde_json::{Value, json};

use super::Core;
use crate::{
    backups::Backups,
    store::{Durability, SCHEMA_VERSION},
    table::export,
};

impl Core {
    /// [`ExportDiagnostics`].
    pub async fn export_diagnostics(&self, _: ExportDiagnostics) -> Reply<ExportDiagnostics> {
        let figures = self.get_cache_stats(GetCacheStats {}).await?;
        let notices = self.0.store.notices().await?;
        let told: Vec<Value> = notices
            .notices
            .iter()
            .map(|notice| json!({"at": notice.at, "level": notice.level, "source": notice.source}))
            .collect();
        let connections: Vec<Value> = figures
            .connections
            .iter()
            .enumerate()
            .map(|(number, connection)| nameless(number + 1, connection))
            .collect();
        let bundle = json!({
            "kubegraf": env!("CARGO_PKG_VERSION"),
            "written": self.0.clock.epoch_seconds(),
            "system": OS,
            "machine": ARCH,
            "database": {
                "schema": SCHEMA_VERSION,
                "onDisk": self.0.store.durability() == Durability::Disk,
                "backups": backups(&self.0.backups),
            },
            "preferences": choices(&self.0.chosen.all().await?),
            "contexts": self.0.clusters.list().clusters.len(),
            "connections": connections,
            "reads": figures.reads,
            "streams": self.0.streams.len(),
            "loginRequired": self.0.accounts.is_required().await?,
            "sessions": self.0.accounts.open_sessions().await?,
            "notices": told,
        });
        let text = serde_json::to_string_pretty(&bundle)
            .map_err(|error| Error::new(Code::Internal, error.to_string()))?;
        let write = move || export::text(&export::folder()?, "kubegraf-diagnostics", "json", &text);
        let written = tokio::task::spawn_blocking(write).await;
        let path = written.map_err(|error| Error::new(Code::Internal, error.to_string()))??;
        Ok(kubegraf_ipc::backup::SavedFile {
            path: path.display().to_string(),
        })
    }
}

/// A connection by its number: what it is called and where it leads stays here.
fn nameless(number: usize, connection: &ConnectionStats) -> Value {
    json!({
        "connection": number,
        "active": connection.active,
        "users": connection.users,
        "watches": connection.watches,
        "held": connection.held,
        "calls": connection.calls,
    })
}

fn backups(backups: &Backups) -> Value {
    match backups.list() {
        Ok(all) => json!(all.len()),
        // The reason holds a path.
        Err(_) => json!("cannot be listed"),
    }
}

/// The preferences; tables by their number, because kinds may be anybody's own.
fn choices(preferences: &Preferences) -> Value {
    let tables = preferences.tables.len();
    let rest = Preferences {
        tables: Vec::new(),
        start_view: String::new(),
        ..preferences.clone()
    };
    let mut value = json!(rest);
    value["tables"] = json!(tables);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_a_connection_is_written() {
        let connection = ConnectionStats {
            cluster: "context:prod-of-acme".into(),
            name: "prod-of-acme".into(),
            active: true,
            watches: 7,
            ..ConnectionStats::default()
        };
        let text = nameless(1, &connection).to_string();
        assert!(!text.contains("acme"), "{text}");
        assert!(text.contains("\"watches\":7"), "{text}");
        let preferences = Preferences {
            start_view: "widgets.acme.example".into(),
            ..Preferences::default()
        };
        let text = choices(&preferences).to_string();
        assert!(!text.contains("acme"), "{text}");
    }
}
