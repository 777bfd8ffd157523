use super::{Error, Result, Store};

const DAY: i64 = 86_400;

/// How long rows are kept, in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Resolved incidents, from their resolution. Unresolved ones stay.
    pub incidents: u32,
    /// Finished executions and their output, from their start. Running ones stay.
    pub executions: u32,
    /// Audit rows.
    pub audit: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            incidents: 90,
            executions: 90,
            audit: 365,
        }
    }
}

/// How many rows a sweep dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Incidents.
    pub incidents: u64,
    /// Executions.
    pub executions: u64,
    /// Audit rows.
    pub audit: u64,
}

impl Store {
    /// Drops what is older than `retention` at `now`, all or nothing.
    ///
    /// # Errors
    /// When the write is refused.
    pub async fn sweep(&self, retention: Retention, now: i64) -> Result<Swept> {
        let what = "retention";
        let before = |days: u32| now - i64::from(days) * DAY;
        let mut transaction = self.writer.begin().await.map_err(Error::write(what))?;
        let mut dropped = [0; 3];
        for (count, (sql, limit)) in dropped.iter_mut().zip([
            (
                "DELETE FROM incidents WHERE state = 'resolved' AND COALESCE(resolved_at, last_seen) < ?",
                before(retention.incidents),
            ),
            (
                "DELETE FROM executions WHERE status <> 'running' AND started_at < ?",
                before(retention.executions),
            ),
            ("DELETE FROM audit WHERE at < ?", before(retention.audit)),
        ]) {
            *count = sqlx::query(sql)
                .bind(limit)
                .execute(&mut *transaction)
                .await
                .map_err(Error::write(what))?
                .rows_affected();
        }
        transaction.commit().await.map_err(Error::write(what))?;
        let [incidents, executions, audit] = dropped;
        Ok(Swept {
            incidents,
            executions,
            audit,
        })
    }
}
