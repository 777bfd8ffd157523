use kubegraf_ipc::{
    execution::{Execution, ExecutionStatus, Outcome},
    object::ObjectRef,
};
use sqlx::{Row, sqlite::SqliteRow};

use super::{AuditEntry, Error, Result, Store, audit, from_column, from_json, to_column, to_json};

/// An execution as it is accepted, before anything is sent.
#[derive(Clone, Debug)]
pub struct NewExecution {
    /// The caller's id of the intended change; unique.
    pub request_id: String,
    /// Hash of what was approved.
    pub plan_hash: String,
    /// The execution this one undoes.
    pub reverts: Option<String>,
    /// The execution.
    pub execution: Execution,
}

/// How an execution ended.
#[derive(Clone, Debug)]
pub struct FinishedExecution {
    /// Its last state: status, outcome, exit code, duration, what it changed.
    pub execution: Execution,
    /// How to go back, as JSON.
    pub undo: Option<String>,
}

/// A stored execution.
#[derive(Clone, Debug)]
pub struct ExecutionRow {
    /// What the contract shows of it.
    pub execution: Execution,
    /// How to go back, as JSON.
    pub undo: Option<String>,
    /// The execution this one undoes.
    pub reverts: Option<String>,
}

/// One stored line of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineRow {
    /// When, epoch seconds.
    pub at: i64,
    /// Whether it is about trouble.
    pub stderr: bool,
    /// The line.
    pub text: String,
}

impl Store {
    /// Stores an accepted execution and its audit row as one; both are on disk when this returns.
    ///
    /// # Errors
    /// [`Error::is_duplicate`] when its request id is known; else when the write is refused.
    pub async fn begin_execution(&self, new: &NewExecution, entry: &AuditEntry) -> Result<()> {
        let what = "execution";
        let execution = &new.execution;
        let mut transaction = self.writer.begin().await.map_err(Error::write(what))?;
        sqlx::query(
            "INSERT INTO executions (id, request_id, cluster, plan_hash, title, action, target,
                 incident, reverts, status, started_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&execution.id)
        .bind(&new.request_id)
        .bind(&execution.cluster)
        .bind(&new.plan_hash)
        .bind(&execution.title)
        .bind(&execution.action)
        .bind(to_json("target", &execution.target)?)
        .bind(&execution.incident)
        .bind(&new.reverts)
        .bind(to_column(&execution.status)?)
        .bind(execution.started_at)
        .execute(&mut *transaction)
        .await
        .map_err(Error::write(what))?;
        audit::insert(&mut transaction, entry).await?;
        transaction.commit().await.map_err(Error::write(what))
    }

    /// Adds lines to an execution, the first one with the number `from`.
    ///
    /// # Errors
    /// When the write is refused.
    pub async fn add_lines(&self, execution: &str, from: u32, lines: &[LineRow]) -> Result<()> {
        let what = "execution output";
        let mut transaction = self.writer.begin().await.map_err(Error::write(what))?;
        for (seq, line) in (from..).zip(lines) {
            sqlx::query("INSERT INTO execution_lines (execution, seq, at, stderr, text) VALUES (?, ?, ?, ?, ?)")
                .bind(execution)
                .bind(seq)
                .bind(line.at)
                .bind(line.stderr)
                .bind(&line.text)
                .execute(&mut *transaction)
                .await
                .map_err(Error::write(what))?;
        }
        transaction.commit().await.map_err(Error::write(what))
    }

    /// Keeps the way back as soon as something was changed, before the outcome is known.
    ///
    /// # Errors
    /// When the write is refused.
    pub async fn keep_undo(
        &self,
        execution: &str,
        changed: &[ObjectRef],
        undo: Option<&str>,
    ) -> Result<()> {
        sqlx::query("UPDATE executions SET resources_changed = ?, undo = ? WHERE id = ?")
            .bind(to_json("changed objects", &changed)?)
            .bind(self.sealed(execution, undo)?)
            .bind(execution)
            .execute(&self.writer)
            .await
            .map_err(Error::write("undo record"))?;
        Ok(())
    }

    /// Stores how an execution ended and its second audit row as one.
    ///
    /// # Errors
    /// When the write is refused.
    pub async fn finish_execution(
        &self,
        finished: &FinishedExecution,
        entry: &AuditEntry,
    ) -> Result<()> {
        let what = "execution result";
        let execution = &finished.execution;
        let mut transaction = self.writer.begin().await.map_err(Error::write(what))?;
        sqlx::query(
            "UPDATE executions SET status = ?, outcome = ?, duration = ?, exit_code = ?,
                 resources_changed = ?, undo = ? WHERE id = ?",
        )
        .bind(to_column(&execution.status)?)
        .bind(execution.outcome.as_ref().map(to_column).transpose()?)
        .bind(execution.duration)
        .bind(execution.exit_code)
        .bind(to_json("changed objects", &execution.resources_changed)?)
        .bind(self.sealed(&execution.id, finished.undo.as_deref())?)
        .bind(&execution.id)
        .execute(&mut *transaction)
        .await
        .map_err(Error::write(what))?;
        audit::insert(&mut transaction, entry).await?;
        transaction.commit().await.map_err(Error::write(what))
    }

    /// The execution a request id has started.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn execution_of_request(&self, request_id: &str) -> Result<Option<String>> {
        sqlx::query_scalar("SELECT id FROM executions WHERE request_id = ?")
            .bind(request_id)
            .fetch_optional(&self.readers)
            .await
            .map_err(Error::read("executions"))
    }

    /// One execution.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn execution(&self, id: &str) -> Result<Option<ExecutionRow>> {
        let row = sqlx::query("SELECT * FROM executions WHERE id = ?")
            .bind(id)
            .fetch_optional(&self.readers)
            .await
            .map_err(Error::read("executions"))?;
        row.as_ref().map(|row| self.decode(row)).transpose()
    }

    /// Executions, newest first; with `cluster`, only its.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn executions(&self, cluster: Option<&str>, limit: u32) -> Result<Vec<ExecutionRow>> {
        let query = match cluster {
            Some(cluster) => sqlx::query(
                "SELECT * FROM executions WHERE cluster = ? ORDER BY started_at DESC, id DESC LIMIT ?",
            )
            .bind(cluster),
            None => sqlx::query("SELECT * FROM executions ORDER BY started_at DESC, id DESC LIMIT ?"),
        };
        let rows = query
            .bind(limit)
            .fetch_all(&self.readers)
            .await
            .map_err(Error::read("executions"))?;
        rows.iter().map(|row| self.decode(row)).collect()
    }

    /// Executions that no one has finished.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unfinished_executions(&self) -> Result<Vec<ExecutionRow>> {
        let rows = sqlx::query("SELECT * FROM executions WHERE status = 'running'")
            .fetch_all(&self.readers)
            .await
            .map_err(Error::read("executions"))?;
        rows.iter().map(|row| self.decode(row)).collect()
    }

    /// All lines of an execution, first to last.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn lines(&self, execution: &str) -> Result<Vec<LineRow>> {
        let rows = sqlx::query(
            "SELECT at, stderr, text FROM execution_lines WHERE execution = ? ORDER BY seq",
        )
        .bind(execution)
        .fetch_all(&self.readers)
        .await
        .map_err(Error::read("execution output"))?;
        let read = Error::read;
        rows.iter()
            .map(|row| {
                Ok(LineRow {
                    at: row.try_get("at").map_err(read("execution output"))?,
                    stderr: row.try_get("stderr").map_err(read("execution output"))?,
                    text: row.try_get("text").map_err(read("execution output"))?,
                })
            })
            .collect()
    }

    /// An undo record as it is stored.
    fn sealed(&self, execution: &str, undo: Option<&str>) -> Result<Option<String>> {
        undo.map(|undo| self.seal.close(execution, undo))
            .transpose()
            .map_err(Error::Key)
    }

    fn decode(&self, row: &SqliteRow) -> Result<ExecutionRow> {
        let read = || Error::read("executions");
        let target: String = row.try_get("target").map_err(read())?;
        let status: String = row.try_get("status").map_err(read())?;
        let outcome: Option<String> = row.try_get("outcome").map_err(read())?;
        let changed: String = row.try_get("resources_changed").map_err(read())?;
        let undo: Option<String> = row.try_get("undo").map_err(read())?;
        let id: String = row.try_get("id").map_err(read())?;
        let undo = undo.and_then(|stored| {
            let opened = self.seal.open(&id, &stored);
            if opened.is_none() {
                tracing::warn!(execution = %id, "the undo record cannot be opened: its key is another");
            }
            opened
        });
        let status: ExecutionStatus = from_column("execution status", &status)?;
        let outcome: Option<Outcome> = outcome
            .as_deref()
            .map(|text| from_column("execution outcome", text))
            .transpose()?;
        Ok(ExecutionRow {
            execution: Execution {
                id,
                cluster: row.try_get("cluster").map_err(read())?,
                title: row.try_get("title").map_err(read())?,
                action: row.try_get("action").map_err(read())?,
                target: from_json("target", &target)?,
                incident: row.try_get("incident").map_err(read())?,
                status,
                outcome,
                started_at: row.try_get("started_at").map_err(read())?,
                duration: row.try_get("duration").map_err(read())?,
                exit_code: row.try_get("exit_code").map_err(read())?,
                resources_changed: from_json("changed objects", &changed)?,
                revertible: undo.is_some(),
            },
            undo,
            reverts: row.try_get("reverts").map_err(read())?,
        })
    }
}
