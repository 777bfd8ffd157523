use kubegraf_ipc::object::ObjectRef;
use sqlx::Row;

use super::{Error, Result, Store};

/// After this many days an outcome counts half.
const HALF_LIFE_DAYS: f64 = 90.0;

/// The known outcome of one applied fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// The execution that applied it; one outcome each, a later one replaces it.
    pub execution: String,
    /// The cluster's id.
    pub cluster: String,
    /// Cause id.
    pub cause: String,
    /// Action id.
    pub action: String,
    /// The workload it was for.
    pub owner: ObjectRef,
    /// Whether the incident was resolved and stayed so.
    pub worked: bool,
    /// When that was known, epoch seconds.
    pub at: i64,
}

/// How often a fix worked, with older outcomes counting less, on three levels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RemedyRate {
    /// For this owner: worked, known (decayed), and known in whole numbers with how many worked.
    pub owner: Level,
    /// In this cluster.
    pub cluster: Level,
    /// Anywhere.
    pub everywhere: Level,
}

/// Outcomes on one level.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Level {
    /// Sum of the weights of what worked.
    pub worked: f64,
    /// Sum of the weights of all.
    pub known: f64,
    /// How many worked, unweighted: "worked 5 of 6 times".
    pub times_worked: u32,
    /// How many there are, unweighted.
    pub times: u32,
}

impl Level {
    fn add(&mut self, worked: bool, weight: f64) {
        self.known += weight;
        self.times += 1;
        if worked {
            self.worked += weight;
            self.times_worked += 1;
        }
    }
}

impl Store {
    /// Remembers how a fix went.
    ///
    /// # Errors
    /// When the write is refused.
    pub async fn add_remedy(&self, remedy: &Remedy) -> Result<()> {
        sqlx::query(
            "INSERT INTO remedies (execution, cluster, cause, action, kind, namespace, name, worked, at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (execution) DO UPDATE SET worked = excluded.worked, at = excluded.at",
        )
        .bind(&remedy.execution)
        .bind(&remedy.cluster)
        .bind(&remedy.cause)
        .bind(&remedy.action)
        .bind(&remedy.owner.kind)
        .bind(&remedy.owner.namespace)
        .bind(&remedy.owner.name)
        .bind(remedy.worked)
        .bind(remedy.at)
        .execute(&self.writer)
        .await
        .map_err(Error::write("fix outcome"))?;
        Ok(())
    }

    /// How often `action` cured `cause`, as of `now`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn remedy_rate(
        &self,
        cluster: &str,
        owner: &ObjectRef,
        cause: &str,
        action: &str,
        now: i64,
    ) -> Result<RemedyRate> {
        let read = || Error::read("fix outcomes");
        let rows = sqlx::query(
            "SELECT cluster = ? AS here,
                    cluster = ? AND kind = ? AND namespace = ? AND name = ? AS owner, worked, at
             FROM remedies WHERE cause = ? AND action = ?",
        )
        .bind(cluster)
        .bind(cluster)
        .bind(&owner.kind)
        .bind(&owner.namespace)
        .bind(&owner.name)
        .bind(cause)
        .bind(action)
        .fetch_all(&self.readers)
        .await
        .map_err(read())?;
        let mut rate = RemedyRate::default();
        for row in &rows {
            let worked: bool = row.try_get("worked").map_err(read())?;
            let at: i64 = row.try_get("at").map_err(read())?;
            let days = (now - at).max(0) as f64 / 86_400.0;
            let weight = 0.5_f64.powf(days / HALF_LIFE_DAYS);
            rate.everywhere.add(worked, weight);
            if row.try_get("here").map_err(read())? {
                rate.cluster.add(worked, weight);
            }
            if row.try_get("owner").map_err(read())? {
                rate.owner.add(worked, weight);
            }
        }
        Ok(rate)
    }
}
