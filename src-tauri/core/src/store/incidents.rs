use kubegraf_ipc::{
    incident::{Incident, IncidentState},
    lifecycle::Attention,
};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{Error, Result, Store, from_json, to_column, to_json};

/// A stored incident.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentRecord {
    /// The cluster's id.
    pub cluster: String,
    /// What makes two sightings the same incident.
    pub fingerprint: String,
    /// When it was resolved, epoch seconds.
    pub resolved_at: Option<i64>,
    /// How often it came back within its reopening time.
    pub reopened: u32,
    /// What the contract shows of it. [`Store::save_incidents`] keeps the attention it finds.
    pub incident: Incident,
}

/// Which incidents to read; newest sighting first.
#[derive(Clone, Debug, Default)]
pub struct IncidentQuery {
    /// Only this cluster's.
    pub cluster: Option<String>,
    /// Only open and resolving ones.
    pub unresolved: bool,
    /// Only of this cause: "similar past incidents".
    pub cause: Option<String>,
    /// Only of this fingerprint: "this one, earlier".
    pub fingerprint: Option<String>,
    /// Only last seen at or after this, epoch seconds.
    pub since: Option<i64>,
    /// How many at most.
    pub limit: u32,
}

impl Store {
    /// Writes incidents as they stand now, all or none. What a person said about them stays
    /// until they reopen.
    ///
    /// # Errors
    /// [`Error::is_duplicate`] when another unresolved incident of the cluster has the same
    /// fingerprint; else when the write is refused.
    pub async fn save_incidents(&self, records: &[IncidentRecord]) -> Result<()> {
        let mut transaction = self
            .writer
            .begin()
            .await
            .map_err(Error::write("incidents"))?;
        // Resolved ones first: they free the fingerprint of the one that follows them.
        for resolved in [true, false] {
            for record in records {
                if (record.incident.row.state == IncidentState::Resolved) == resolved {
                    save(&mut transaction, record).await?;
                }
            }
        }
        transaction
            .commit()
            .await
            .map_err(Error::write("incidents"))
    }

    /// One incident.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn incident(&self, cluster: &str, id: &str) -> Result<Option<IncidentRecord>> {
        let row = sqlx::query("SELECT * FROM incidents WHERE cluster = ? AND id = ?")
            .bind(cluster)
            .bind(id)
            .fetch_optional(&self.readers)
            .await
            .map_err(Error::read("incidents"))?;
        row.as_ref().map(decode).transpose()
    }

    /// The incidents that match, newest sighting first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn incidents(&self, query: &IncidentQuery) -> Result<Vec<IncidentRecord>> {
        let mut sql = QueryBuilder::<Sqlite>::new("SELECT * FROM incidents WHERE 1");
        for (column, value) in [
            (" AND cluster = ", &query.cluster),
            (" AND cause = ", &query.cause),
            (" AND fingerprint = ", &query.fingerprint),
        ] {
            if let Some(value) = value {
                sql.push(column).push_bind(value);
            }
        }
        if query.unresolved {
            sql.push(" AND state <> 'resolved'");
        }
        if let Some(since) = query.since {
            sql.push(" AND last_seen >= ").push_bind(since);
        }
        sql.push(" ORDER BY last_seen DESC, id LIMIT ")
            .push_bind(query.limit);
        let rows = sql
            .build()
            .fetch_all(&self.readers)
            .await
            .map_err(Error::read("incidents"))?;
        rows.iter().map(decode).collect()
    }

    /// Stores what a person said about an incident; `false` when there is no such incident.
    ///
    /// # Errors
    /// When the write is refused.
    pub async fn set_attention(
        &self,
        cluster: &str,
        id: &str,
        attention: &Attention,
    ) -> Result<bool> {
        let done = sqlx::query(
            "UPDATE incidents SET acknowledged_at = ?, acknowledged_by = ?, snoozed_until = ?
             WHERE cluster = ? AND id = ?",
        )
        .bind(attention.acknowledged_at)
        .bind(&attention.acknowledged_by)
        .bind(attention.snoozed_until)
        .bind(cluster)
        .bind(id)
        .execute(&self.writer)
        .await
        .map_err(Error::write("acknowledgement"))?;
        Ok(done.rows_affected() > 0)
    }
}

async fn save(connection: &mut SqliteConnection, record: &IncidentRecord) -> Result<()> {
    let incident = &record.incident;
    let row = &incident.row;
    sqlx::query(
        "INSERT INTO incidents (cluster, id, fingerprint, type, severity, state, cause, kind,
             namespace, name, first_seen, last_seen, resolved_at, resolution, reopened, detail)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (cluster, id) DO UPDATE SET fingerprint = excluded.fingerprint,
             type = excluded.type, severity = excluded.severity, state = excluded.state,
             cause = excluded.cause, kind = excluded.kind, namespace = excluded.namespace,
             name = excluded.name, first_seen = excluded.first_seen,
             last_seen = excluded.last_seen, resolved_at = excluded.resolved_at,
             resolution = excluded.resolution, detail = excluded.detail,
             acknowledged_at = iif(excluded.reopened > reopened, NULL, acknowledged_at),
             acknowledged_by = iif(excluded.reopened > reopened, NULL, acknowledged_by),
             snoozed_until = iif(excluded.reopened > reopened, NULL, snoozed_until),
             reopened = excluded.reopened",
    )
    .bind(&record.cluster)
    .bind(&row.id)
    .bind(&record.fingerprint)
    .bind(&row.r#type)
    .bind(to_column(&row.severity)?)
    .bind(to_column(&row.state)?)
    .bind(&row.cause)
    .bind(&row.resource.kind)
    .bind(&row.resource.namespace)
    .bind(&row.resource.name)
    .bind(row.first_seen)
    .bind(row.last_seen)
    .bind(record.resolved_at)
    .bind(&incident.resolution)
    .bind(record.reopened)
    .bind(to_json("incident", incident)?)
    .execute(connection)
    .await
    .map_err(Error::write("incident"))?;
    Ok(())
}

fn decode(row: &SqliteRow) -> Result<IncidentRecord> {
    let read = || Error::read("incidents");
    let detail: String = row.try_get("detail").map_err(read())?;
    let mut incident: Incident = from_json("incident", &detail)?;
    incident.row.attention = Attention {
        acknowledged_at: row.try_get("acknowledged_at").map_err(read())?,
        acknowledged_by: row.try_get("acknowledged_by").map_err(read())?,
        snoozed_until: row.try_get("snoozed_until").map_err(read())?,
    };
    Ok(IncidentRecord {
        cluster: row.try_get("cluster").map_err(read())?,
        fingerprint: row.try_get("fingerprint").map_err(read())?,
        resolved_at: row.try_get("resolved_at").map_err(read())?,
        reopened: row.try_get("reopened").map_err(read())?,
        incident,
    })
}
