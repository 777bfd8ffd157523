//! Accounts, sessions by the hash of their token, and failed attempts by the hash of the name.

use kubegraf_ipc::account::{Account, Role, User, UserStatus};
use sqlx::{Row, sqlite::SqliteRow};

use super::{Error, Result, Store, from_column, to_column};
use crate::accounts::Failures;

const USER: &str = "account";
const SESSION: &str = "session";
const FAILURES: &str = "failed attempts";

/// An account to be made.
pub(crate) struct NewUser {
    pub(crate) name: String,
    pub(crate) folded: String,
    pub(crate) email: String,
    pub(crate) role: Role,
    pub(crate) status: UserStatus,
    /// The hash.
    pub(crate) password: String,
    pub(crate) created_at: i64,
}

/// An account and the hash of its password.
pub(crate) struct KnownUser {
    pub(crate) id: i64,
    /// Without what is known of failed attempts.
    pub(crate) user: User,
    pub(crate) password: String,
}

/// What is changed of an account.
pub(crate) enum UserEdit {
    Role(Role),
    Status(UserStatus),
    /// The hash.
    Password(String),
    Delete,
}

/// A session that is open.
pub(crate) struct OpenSession {
    pub(crate) account: Account,
    pub(crate) created_at: i64,
    pub(crate) used_at: i64,
    pub(crate) renewed_at: i64,
}

impl Store {
    /// Adds an account; answers its id.
    pub(crate) async fn add_user(&self, user: &NewUser) -> Result<i64> {
        let added = sqlx::query(
            "INSERT INTO users (name, folded, email, role, status, password, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&user.name)
        .bind(&user.folded)
        .bind(&user.email)
        .bind(to_column(&user.role)?)
        .bind(to_column(&user.status)?)
        .bind(&user.password)
        .bind(user.created_at)
        .execute(&self.writer)
        .await
        .map_err(Error::write(USER))?;
        Ok(added.last_insert_rowid())
    }

    /// Every account, by name.
    pub(crate) async fn users(&self) -> Result<Vec<KnownUser>> {
        let rows = sqlx::query(
            "SELECT users.*, (SELECT COUNT(*) FROM sessions WHERE user = users.id) AS sessions
             FROM users ORDER BY folded",
        )
        .fetch_all(&self.readers)
        .await
        .map_err(Error::read(USER))?;
        rows.iter().map(decode).collect()
    }

    /// The account of a folded name.
    pub(crate) async fn user_named(&self, folded: &str) -> Result<Option<KnownUser>> {
        let row = sqlx::query("SELECT users.*, 0 AS sessions FROM users WHERE folded = ?")
            .bind(folded)
            .fetch_optional(&self.readers)
            .await
            .map_err(Error::read(USER))?;
        row.as_ref().map(decode).transpose()
    }

    /// How many admins may sign in.
    pub(crate) async fn admins(&self) -> Result<u32> {
        self.count("SELECT COUNT(*) FROM users WHERE role = 'admin' AND status = 'active'")
            .await
    }

    /// How many wait to be let in.
    pub(crate) async fn waiting_users(&self) -> Result<u32> {
        self.count("SELECT COUNT(*) FROM users WHERE status = 'waiting'")
            .await
    }

    /// How many sessions are open.
    pub(crate) async fn sessions(&self) -> Result<u32> {
        self.count("SELECT COUNT(*) FROM sessions").await
    }

    async fn count(&self, sql: &'static str) -> Result<u32> {
        let count: i64 = sqlx::query_scalar(sql)
            .fetch_one(&self.readers)
            .await
            .map_err(Error::read(USER))?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Changes an account, all or nothing; `false`, and nothing changed, when no admin who may sign in
    /// would be left though one must be.
    pub(crate) async fn edit_user(
        &self,
        id: i64,
        edit: &UserEdit,
        keep_an_admin: bool,
    ) -> Result<bool> {
        let write = || Error::write(USER);
        let mut transaction = self.writer.begin().await.map_err(write())?;
        let query = match edit {
            UserEdit::Role(role) => {
                sqlx::query("UPDATE users SET role = ? WHERE id = ?").bind(to_column(role)?)
            }
            UserEdit::Status(status) => {
                sqlx::query("UPDATE users SET status = ? WHERE id = ?").bind(to_column(status)?)
            }
            UserEdit::Password(hash) => {
                sqlx::query("UPDATE users SET password = ? WHERE id = ?").bind(hash)
            }
            UserEdit::Delete => sqlx::query("DELETE FROM users WHERE id = ?"),
        };
        query
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(write())?;
        let admins: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM users WHERE role = 'admin' AND status = 'active'",
        )
        .fetch_one(&mut *transaction)
        .await
        .map_err(write())?;
        if keep_an_admin && admins == 0 {
            transaction.rollback().await.map_err(write())?;
            return Ok(false);
        }
        transaction.commit().await.map_err(write())?;
        Ok(true)
    }

    /// Opens a session and notes that its owner has signed in.
    pub(crate) async fn begin_session(&self, hash: &str, user: i64, now: i64) -> Result<()> {
        let write = || Error::write(SESSION);
        let mut transaction = self.writer.begin().await.map_err(write())?;
        sqlx::query(
            "INSERT INTO sessions (hash, user, created_at, used_at, renewed_at) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(hash)
        .bind(user)
        .bind(now)
        .bind(now)
        .bind(now)
        .execute(&mut *transaction)
        .await
        .map_err(write())?;
        sqlx::query("UPDATE users SET last_login_at = ? WHERE id = ?")
            .bind(now)
            .bind(user)
            .execute(&mut *transaction)
            .await
            .map_err(write())?;
        transaction.commit().await.map_err(write())
    }

    /// The session of a token's hash, if its owner may sign in.
    pub(crate) async fn session(&self, hash: &str) -> Result<Option<OpenSession>> {
        let read = || Error::read(SESSION);
        let row = sqlx::query(
            "SELECT name, email, role, sessions.created_at AS began, used_at, renewed_at
             FROM sessions JOIN users ON users.id = sessions.user
             WHERE hash = ? AND status = 'active'",
        )
        .bind(hash)
        .fetch_optional(&self.readers)
        .await
        .map_err(read())?;
        let Some(row) = row else { return Ok(None) };
        let role: String = row.try_get("role").map_err(read())?;
        Ok(Some(OpenSession {
            account: Account {
                name: row.try_get("name").map_err(read())?,
                email: row.try_get("email").map_err(read())?,
                role: from_column("role", &role)?,
                local: false,
            },
            created_at: row.try_get("began").map_err(read())?,
            used_at: row.try_get("used_at").map_err(read())?,
            renewed_at: row.try_get("renewed_at").map_err(read())?,
        }))
    }

    /// Notes that a session was used.
    pub(crate) async fn use_session(&self, hash: &str, now: i64) -> Result<()> {
        let query = sqlx::query("UPDATE sessions SET used_at = ? WHERE hash = ?");
        let done = query.bind(now).bind(hash).execute(&self.writer).await;
        done.map(drop).map_err(Error::write(SESSION))
    }

    /// Gives a session another token.
    pub(crate) async fn renew_session(&self, hash: &str, fresh: &str, now: i64) -> Result<()> {
        sqlx::query("UPDATE sessions SET hash = ?, used_at = ?, renewed_at = ? WHERE hash = ?")
            .bind(fresh)
            .bind(now)
            .bind(now)
            .bind(hash)
            .execute(&self.writer)
            .await
            .map_err(Error::write(SESSION))?;
        Ok(())
    }

    /// Ends a session; one that has ended is fine.
    pub(crate) async fn end_session(&self, hash: &str) -> Result<()> {
        let query = sqlx::query("DELETE FROM sessions WHERE hash = ?").bind(hash);
        let done = query.execute(&self.writer).await;
        done.map(drop).map_err(Error::write(SESSION))
    }

    /// Ends the sessions of an account, or every one.
    pub(crate) async fn end_sessions(&self, user: Option<i64>) -> Result<()> {
        let query = match user {
            Some(user) => sqlx::query("DELETE FROM sessions WHERE user = ?").bind(user),
            None => sqlx::query("DELETE FROM sessions"),
        };
        let done = query.execute(&self.writer).await;
        done.map(drop).map_err(Error::write(SESSION))
    }

    /// What is known of the failed attempts on a name.
    pub(crate) async fn login_failures(&self, name: &str) -> Result<Option<Failures>> {
        let read = || Error::read(FAILURES);
        let row = sqlx::query("SELECT * FROM login_failures WHERE name = ?")
            .bind(name)
            .fetch_optional(&self.readers)
            .await
            .map_err(read())?;
        let Some(row) = row else { return Ok(None) };
        let count: i64 = row.try_get("failures").map_err(read())?;
        Ok(Some(Failures {
            count: u32::try_from(count).unwrap_or(u32::MAX),
            last_at: row.try_get("last_at").map_err(read())?,
            locked_until: row.try_get("locked_until").map_err(read())?,
        }))
    }

    /// Keeps them; of names, the thousand tried last are remembered.
    pub(crate) async fn set_login_failures(&self, name: &str, failures: Failures) -> Result<()> {
        let write = || Error::write(FAILURES);
        let mut transaction = self.writer.begin().await.map_err(write())?;
        sqlx::query(
            "INSERT INTO login_failures (name, failures, last_at, locked_until) VALUES (?, ?, ?, ?)
             ON CONFLICT (name) DO UPDATE SET failures = excluded.failures,
             last_at = excluded.last_at, locked_until = excluded.locked_until",
        )
        .bind(name)
        .bind(failures.count)
        .bind(failures.last_at)
        .bind(failures.locked_until)
        .execute(&mut *transaction)
        .await
        .map_err(write())?;
        // Locked ones stay longest: nobody must wash a lock away by trying many names.
        sqlx::query(
            "DELETE FROM login_failures WHERE name IN (
                 SELECT name FROM login_failures ORDER BY COALESCE(locked_until, 0) DESC, last_at DESC
                 LIMIT -1 OFFSET 1000)",
        )
        .execute(&mut *transaction)
        .await
        .map_err(write())?;
        transaction.commit().await.map_err(write())
    }

    /// Forgets them.
    pub(crate) async fn clear_login_failures(&self, name: &str) -> Result<()> {
        let query = sqlx::query("DELETE FROM login_failures WHERE name = ?").bind(name);
        let done = query.execute(&self.writer).await;
        done.map(drop).map_err(Error::write(FAILURES))
    }
}

fn decode(row: &SqliteRow) -> Result<KnownUser> {
    let read = || Error::read(USER);
    let id: i64 = row.try_get("id").map_err(read())?;
    let role: String = row.try_get("role").map_err(read())?;
    let status: String = row.try_get("status").map_err(read())?;
    let sessions: i64 = row.try_get("sessions").map_err(read())?;
    Ok(KnownUser {
        id,
        user: User {
            id: id.to_string(),
            name: row.try_get("name").map_err(read())?,
            email: row.try_get("email").map_err(read())?,
            role: from_column("role", &role)?,
            status: from_column("account status", &status)?,
            created_at: row.try_get("created_at").map_err(read())?,
            last_login_at: row.try_get("last_login_at").map_err(read())?,
            locked_until: None,
            sessions: u32::try_from(sessions).unwrap_or(u32::MAX),
        },
        password: row.try_get("password").map_err(read())?,
    })
}
