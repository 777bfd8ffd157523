use kubegraf_ipc::object::ObjectRef;
use sqlx::{Row, sqlite::SqliteRow};

use super::{Error, Result, Store};
use crate::incidents::Tried;

/// How an execution that applied a fix went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// The execution; one outcome each, a later one replaces it.
    pub execution: String,
    /// What it tried, and whether it worked.
    pub tried: Tried,
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
        .bind(&remedy.tried.cluster)
        .bind(&remedy.tried.cause)
        .bind(&remedy.tried.action)
        .bind(&remedy.tried.owner.kind)
        .bind(&remedy.tried.owner.namespace)
        .bind(&remedy.tried.owner.name)
        .bind(remedy.tried.worked)
        .bind(remedy.tried.at)
        .execute(&self.writer)
        .await
        .map_err(Error::write("fix outcome"))?;
        Ok(())
    }

    /// Every outcome that is known.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tried(&self) -> Result<Vec<Tried>> {
        let read = || Error::read("fix outcomes");
        let rows = sqlx::query("SELECT * FROM remedies ORDER BY at, execution")
            .fetch_all(&self.readers)
            .await
            .map_err(read())?;
        let decode = |row: &SqliteRow| {
            Ok(Tried {
                cluster: row.try_get("cluster").map_err(read())?,
                cause: row.try_get("cause").map_err(read())?,
                action: row.try_get("action").map_err(read())?,
                owner: ObjectRef {
                    api_version: String::new(),
                    kind: row.try_get("kind").map_err(read())?,
                    namespace: row.try_get("namespace").map_err(read())?,
                    name: row.try_get("name").map_err(read())?,
                    uid: None,
                },
                worked: row.try_get("worked").map_err(read())?,
                at: row.try_get("at").map_err(read())?,
            })
        };
        rows.iter().map(decode).collect()
    }
}
