use kubegraf_ipc::lifecycle::{Feedback, Verdict};
use sqlx::{Row, sqlite::SqliteRow};

use super::{Error, Result, Store, from_column, to_column};
use crate::incidents::Said;

impl Store {
    /// Keeps what someone said about an incident whose cause was named as `cause`.
    ///
    /// # Errors
    /// When the write is refused.
    pub async fn add_feedback(
        &self,
        cluster: &str,
        incident: &str,
        cause: &str,
        feedback: &Feedback,
    ) -> Result<()> {
        let verdict = feedback.verdict.as_ref().map(to_column).transpose()?;
        sqlx::query(
            "INSERT INTO feedback (at, who, cluster, incident, cause, verdict, correct_cause, note)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(feedback.at)
        .bind(&feedback.who)
        .bind(cluster)
        .bind(incident)
        .bind(cause)
        .bind(verdict)
        .bind(&feedback.correct_cause)
        .bind(&feedback.note)
        .execute(&self.writer)
        .await
        .map_err(Error::write("feedback"))?;
        Ok(())
    }

    /// What was said last about the cause of each incident of a cluster; notes and words about fixes
    /// aside.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn said(&self, cluster: &str) -> Result<Vec<Said>> {
        let read = || Error::read("feedback");
        let rows = sqlx::query(
            "SELECT cause, verdict, correct_cause FROM feedback WHERE id IN (
                 SELECT MAX(id) FROM feedback WHERE cluster = ?
                 AND verdict IN ('correct', 'wrong_cause', 'not_an_incident') GROUP BY incident)
             ORDER BY id",
        )
        .bind(cluster)
        .fetch_all(&self.readers)
        .await
        .map_err(read())?;
        let decode = |row: &SqliteRow| {
            let verdict: String = row.try_get("verdict").map_err(read())?;
            Ok(Said {
                cause: row.try_get("cause").map_err(read())?,
                verdict: from_column("verdict", &verdict)?,
                correct_cause: row.try_get("correct_cause").map_err(read())?,
            })
        };
        rows.iter().map(decode).collect()
    }

    /// What was said about an incident, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn feedback(&self, cluster: &str, incident: &str) -> Result<Vec<Feedback>> {
        let rows =
            sqlx::query("SELECT * FROM feedback WHERE cluster = ? AND incident = ? ORDER BY id")
                .bind(cluster)
                .bind(incident)
                .fetch_all(&self.readers)
                .await
                .map_err(Error::read("feedback"))?;
        rows.iter().map(decode).collect()
    }
}

fn decode(row: &SqliteRow) -> Result<Feedback> {
    let read = || Error::read("feedback");
    let verdict: Option<String> = row.try_get("verdict").map_err(read())?;
    let verdict = verdict
        .map(|text| from_column::<Verdict>("verdict", &text))
        .transpose()?;
    Ok(Feedback {
        at: row.try_get("at").map_err(read())?,
        who: row.try_get("who").map_err(read())?,
        verdict,
        correct_cause: row.try_get("correct_cause").map_err(read())?,
        note: row.try_get("note").map_err(read())?,
    })
}
