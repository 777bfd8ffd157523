//! Who uses the app: accounts, the way in, and the sessions of windows. It knows no commands but by name, no
//! cluster and no looks.
//!
//! Without required login everything happens in the name of this computer's user, as an admin. With it, a
//! window's session decides: its token is random, lives in this process alone, and the store has its SHA-256.

mod lockout;
mod password;
mod rights;
mod session;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use kubegraf_ipc::{
    Code, Error as WireError,
    account::{Account, AccountState, Password, Role, User, UserChange, UserStatus},
    object::ObjectRef,
};
use tokio::sync::{Mutex, watch};

pub(crate) use lockout::Failures;
pub(crate) use rights::{Need, is_a_use, may_set, need};

use crate::{
    clock::Clock,
    store::{AuditEntry, AuditPhase, NewUser, Store, UserEdit},
};
use password::Hasher;
use session::Token;

/// Key of the setting that demands login.
const KEY: &str = "login_required";
/// Accounts that wait to be let in, at most: registering needs no session.
const WAITING: u32 = 20;
/// Seconds in which a refusal is written down once.
const REFUSED: i64 = 60;
/// Characters of a name.
const NAME: std::ops::RangeInclusive<usize> = 1..=64;
/// Characters of an e-mail address, at most.
const EMAIL: usize = 254;

/// Why somebody did not get in, or an account stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Name and password do not belong together. Which of the two is wrong is not said.
    #[error("name or password is wrong")]
    Wrong,
    /// Too many have tried.
    #[error("too many failed attempts; signing in is possible again in {minutes} min")]
    Locked {
        /// Minutes, rounded up.
        minutes: i64,
    },
    /// The account may not be used yet.
    #[error("the account \"{0}\" waits until an admin lets it in")]
    Waiting(String),
    /// The account may not be used any more.
    #[error("the account \"{0}\" is disabled")]
    Disabled(String),
    /// Nobody is signed in.
    #[error("nobody is signed in in this window")]
    SignedOut,
    /// The role is not enough.
    #[error("\"{name}\" is a {} and may not do this; it takes a {}", role(*.has), role(*.needs))]
    NotAllowed {
        /// The account.
        name: String,
        /// Its role.
        has: Role,
        /// The least that would do.
        needs: Role,
    },
    /// A name that cannot be one.
    #[error("the name has {0} characters, it must have 1 to 64, none of them a control character")]
    Name(usize),
    /// An address that cannot be one.
    #[error("\"{0}\" is no e-mail address")]
    Email(String),
    /// Another account is called so.
    #[error("there is an account \"{0}\" already")]
    Taken(String),
    /// A password that is too easy or too long.
    #[error("the password {0}")]
    Password(&'static str),
    /// There is no such account.
    #[error("there is no account of the id \"{0}\"")]
    Unknown(String),
    /// Nobody could let anybody in any more.
    #[error("\"{0}\" is the only admin; make another one first")]
    LastAdmin(String),
    /// Login cannot be required of nobody.
    #[error("login needs an admin's account; register one first")]
    NoAdmin,
    /// Too many wait.
    #[error("{WAITING} accounts wait to be let in already; an admin has to look at them first")]
    TooManyWait,
    /// The profile of this computer has no password.
    #[error("the profile of this computer has no password")]
    Local,
    /// Hashing or randomness failed.
    #[error("a password cannot be worked on: {0}")]
    Hash(String),
    /// The store could not keep or tell it.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}

impl From<Error> for WireError {
    fn from(error: Error) -> Self {
        let code = match error {
            Error::Store(error) => return error.into(),
            Error::SignedOut => Code::SignedOut,
            Error::NotAllowed { .. } => Code::NotAllowed,
            Error::Unknown(_) => Code::NotFound,
            Error::Taken(_) | Error::LastAdmin(_) => Code::Conflict,
            Error::Hash(_) => Code::Internal,
            _ => Code::InvalidArgument,
        };
        Self::new(code, error.to_string())
    }
}

/// What a role is called.
pub(crate) const fn role(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::User => "user",
        Role::Admin => "admin",
    }
}

/// The accounts and who is signed in where.
pub(crate) struct Accounts {
    store: Store,
    clock: Arc<dyn Clock>,
    /// The user of this computer.
    local: String,
    hasher: Hasher,
    /// One attempt at a time: the next one must see what the last one has counted.
    door: Mutex<()>,
    /// The token of each window. Held while one is looked at, because looking may renew it.
    windows: Mutex<HashMap<String, Token>>,
    /// Whether login is required, once it was read: every command asks.
    required: RwLock<Option<bool>>,
    /// Counts what may change who is signed in.
    changes: watch::Sender<u64>,
    /// When what was refused to whom was written down last.
    refusals: std::sync::Mutex<HashMap<(String, String), i64>>,
}

impl Accounts {
    pub(crate) fn new(store: Store, clock: Arc<dyn Clock>, local: String) -> Self {
        Self {
            store,
            clock,
            local,
            hasher: Hasher::default(),
            door: Mutex::default(),
            windows: Mutex::default(),
            required: RwLock::default(),
            changes: watch::Sender::default(),
            refusals: std::sync::Mutex::default(),
        }
    }

    /// Wakes whoever shows or follows who is signed in.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Whether login is required.
    pub(crate) async fn is_required(&self) -> Result<bool, Error> {
        let known = *self.required.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known {
            return Ok(known);
        }
        // What cannot be understood was set by somebody: then login is required.
        let read = match self.store.setting::<bool>(KEY).await {
            Ok(stored) => stored.unwrap_or(false),
            Err(error @ crate::store::Error::Read { .. }) => return Err(error.into()),
            Err(_) => true,
        };
        self.remember(Some(read));
        Ok(read)
    }

    fn remember(&self, required: Option<bool>) {
        *self
            .required
            .write()
            .unwrap_or_else(PoisonError::into_inner) = required;
    }

    /// The store holds other accounts now: nobody is signed in any more.
    pub(crate) async fn replaced(&self) -> Result<(), Error> {
        self.remember(None);
        self.end_sessions().await
    }

    /// Ends every session: this process has no token of any of them.
    pub(crate) async fn end_sessions(&self) -> Result<(), Error> {
        self.windows.lock().await.clear();
        self.store.end_sessions(None).await?;
        self.changed();
        Ok(())
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Who may do what in a window: the profile of this computer, or who is signed in there.
    pub(crate) async fn account(&self, window: &str, used: bool) -> Result<Account, Error> {
        if !self.is_required().await? {
            return Ok(self.profile());
        }
        let found = self.session(window, used).await?.ok_or(Error::SignedOut)?;
        Ok(found.0)
    }

    fn profile(&self) -> Account {
        Account {
            name: self.local.clone(),
            email: String::new(),
            role: Role::Admin,
            local: true,
        }
    }

    /// What a window is told.
    pub(crate) async fn state(&self, window: &str) -> Result<AccountState, Error> {
        if !self.is_required().await? {
            return Ok(AccountState {
                login_required: false,
                account: Some(self.profile()),
                expires_at: None,
            });
        }
        let session = self.session(window, false).await?;
        let (account, expires_at) = session.unzip();
        Ok(AccountState {
            login_required: true,
            account,
            expires_at,
        })
    }

    /// Signs in. An attempt counts as failed before it is judged, so that a process that is killed
    /// meanwhile gives no free one.
    pub(crate) async fn login(
        &self,
        window: &str,
        name: &str,
        password: Password,
    ) -> Result<(), Error> {
        let _turn = self.door.lock().await;
        let user = self.judge(name, password).await?;
        match user.status {
            UserStatus::Active => {}
            UserStatus::Waiting => return Err(Error::Waiting(user.name)),
            UserStatus::Disabled => return Err(Error::Disabled(user.name)),
        }
        self.begin_session(window, &user).await?;
        self.note(&user.name, "login", &user.name, "a session was opened")
            .await?;
        self.changed();
        Ok(())
    }

    /// Whose name and password these are; the same work for a name that nobody has.
    async fn judge(&self, name: &str, password: Password) -> Result<Judged, Error> {
        let folded = fold(name);
        let key = session::digest(folded.as_bytes());
        let now = self.clock.epoch_seconds();
        let before = self.store.login_failures(&key).await?.unwrap_or_default();
        if let Some(minutes) = lockout::locked(before, now) {
            return Err(Error::Locked { minutes });
        }
        let failed = lockout::after(before, now);
        self.store.set_login_failures(&key, failed).await?;
        let known = self.store.user_named(&folded).await?;
        let hash = known.as_ref().map(|user| user.password.clone());
        let right = self.hasher.verify(password, hash).await?;
        let Some(user) = known.filter(|_| right) else {
            let what = match failed.locked_until {
                Some(_) => "name or password was wrong; the name is locked",
                None => "name or password was wrong",
            };
            // The name may be a password that went into the wrong field.
            self.note("nobody", "login", "", what).await?;
            return Err(match lockout::locked(failed, now) {
                Some(minutes) => Error::Locked { minutes },
                None => Error::Wrong,
            });
        };
        self.store.clear_login_failures(&key).await?;
        Ok(Judged {
            id: user.id,
            name: user.user.name,
            status: user.user.status,
        })
    }

    /// Signs out; one who is not signed in is fine.
    pub(crate) async fn logout(&self, window: &str) -> Result<(), Error> {
        let account = match self.is_required().await? {
            true => self.session(window, false).await?,
            false => None,
        };
        let token = self.windows.lock().await.remove(window);
        if let Some(token) = token {
            self.store.end_session(&token.hash()).await?;
        }
        if let Some((account, _)) = account {
            self.note(
                &account.name,
                "logout",
                &account.name,
                "the session was ended",
            )
            .await?;
        }
        self.changed();
        Ok(())
    }

    /// Makes one's own account.
    pub(crate) async fn register(
        &self,
        name: &str,
        email: &str,
        password: Password,
    ) -> Result<User, Error> {
        let _turn = self.door.lock().await;
        let first = self.store.admins().await? == 0 && !self.is_required().await?;
        if !first && self.store.waiting_users().await? >= WAITING {
            return Err(Error::TooManyWait);
        }
        let (role, status) = match first {
            true => (Role::Admin, UserStatus::Active),
            false => (Role::Viewer, UserStatus::Waiting),
        };
        let who = match first {
            true => self.local.clone(),
            false => "nobody".to_owned(),
        };
        self.add(&who, name, email, password, role, status).await
    }

    /// Makes somebody else's account.
    pub(crate) async fn add_user(
        &self,
        who: &str,
        (name, email): (&str, &str),
        password: Password,
        role: Role,
    ) -> Result<User, Error> {
        let _turn = self.door.lock().await;
        self.add(who, name, email, password, role, UserStatus::Active)
            .await
    }

    async fn add(
        &self,
        who: &str,
        name: &str,
        email: &str,
        password: Password,
        role: Role,
        status: UserStatus,
    ) -> Result<User, Error> {
        let name = name.trim();
        check_name(name)?;
        let email = email.trim();
        check_email(email)?;
        password::check(&password, name)?;
        let new = NewUser {
            name: name.to_owned(),
            folded: fold(name),
            email: email.to_owned(),
            role,
            status,
            password: self.hasher.hash(password).await?,
            created_at: self.clock.epoch_seconds(),
        };
        let id = match self.store.add_user(&new).await {
            Err(error) if error.is_duplicate() => return Err(Error::Taken(name.to_owned())),
            other => other?,
        };
        let what = format!("a {} was added, {status:?}", self::role(role)).to_lowercase();
        self.note(who, "account-add", name, &what).await?;
        self.changed();
        self.user(id).await
    }

    async fn user(&self, id: i64) -> Result<User, Error> {
        let all = self.users().await?;
        let wanted = id.to_string();
        let found = all.into_iter().find(|user| user.id == wanted);
        found.ok_or(Error::Unknown(wanted))
    }

    /// Every account, by name.
    pub(crate) async fn users(&self) -> Result<Vec<User>, Error> {
        let now = self.clock.epoch_seconds();
        let mut users = Vec::new();
        for known in self.store.users().await? {
            let key = session::digest(fold(&known.user.name).as_bytes());
            let failures = self.store.login_failures(&key).await?.unwrap_or_default();
            users.push(User {
                locked_until: failures.locked_until.filter(|until| *until > now),
                ..known.user
            });
        }
        Ok(users)
    }

    /// Sessions that are open.
    pub(crate) async fn open_sessions(&self) -> Result<u32, Error> {
        Ok(self.store.sessions().await?)
    }

    /// Changes an account and ends its sessions.
    pub(crate) async fn change_user(
        &self,
        who: &str,
        id: &str,
        change: UserChange,
    ) -> Result<User, Error> {
        let _turn = self.door.lock().await;
        let (number, user) = self.known(id).await?;
        let (edit, what) = match change {
            UserChange::Role(role) => (
                UserEdit::Role(role),
                format!("became a {}", self::role(role)),
            ),
            UserChange::Enabled(true) => (
                UserEdit::Status(UserStatus::Active),
                "may sign in".to_owned(),
            ),
            UserChange::Enabled(false) => (
                UserEdit::Status(UserStatus::Disabled),
                "was disabled".to_owned(),
            ),
            UserChange::Password(password) => {
                password::check(&password, &user.name)?;
                let hash = self.hasher.hash(password).await?;
                let key = session::digest(fold(&user.name).as_bytes());
                self.store.clear_login_failures(&key).await?;
                (
                    UserEdit::Password(hash),
                    "was given another password".to_owned(),
                )
            }
        };
        self.edit(number, &user.name, edit).await?;
        self.store.end_sessions(Some(number)).await?;
        self.note(who, "account-change", &user.name, &what).await?;
        self.changed();
        self.user(number).await
    }

    /// Deletes an account and its sessions.
    pub(crate) async fn delete_user(&self, who: &str, id: &str) -> Result<(), Error> {
        let _turn = self.door.lock().await;
        let (number, user) = self.known(id).await?;
        self.edit(number, &user.name, UserEdit::Delete).await?;
        self.note(who, "account-delete", &user.name, "was deleted")
            .await?;
        self.changed();
        Ok(())
    }

    async fn edit(&self, id: i64, name: &str, edit: UserEdit) -> Result<(), Error> {
        let keep_an_admin = self.is_required().await?;
        match self.store.edit_user(id, &edit, keep_an_admin).await? {
            true => Ok(()),
            false => Err(Error::LastAdmin(name.to_owned())),
        }
    }

    async fn known(&self, id: &str) -> Result<(i64, User), Error> {
        let unknown = || Error::Unknown(id.to_owned());
        let number: i64 = id.parse().map_err(|_| unknown())?;
        let all = self.store.users().await?;
        let found = all.into_iter().find(|known| known.id == number);
        Ok((number, found.ok_or_else(unknown)?.user))
    }

    /// Changes the password of who is signed in in a window; his other sessions end.
    pub(crate) async fn change_password(
        &self,
        window: &str,
        account: &Account,
        old: Password,
        new: Password,
    ) -> Result<(), Error> {
        if account.local {
            return Err(Error::Local);
        }
        let _turn = self.door.lock().await;
        let user = self.judge(&account.name, old).await?;
        password::check(&new, &user.name)?;
        let hash = self.hasher.hash(new).await?;
        self.edit(user.id, &user.name, UserEdit::Password(hash))
            .await?;
        self.store.end_sessions(Some(user.id)).await?;
        self.begin_session(window, &user).await?;
        self.note(
            &user.name,
            "account-change",
            &user.name,
            "changed the password",
        )
        .await?;
        self.changed();
        Ok(())
    }

    /// Demands login, or does not any more.
    pub(crate) async fn set_required(&self, who: &str, required: bool) -> Result<(), Error> {
        let _turn = self.door.lock().await;
        if required && self.store.admins().await? == 0 {
            return Err(Error::NoAdmin);
        }
        let now = self.clock.epoch_seconds();
        let what = match required {
            true => "login is required",
            false => "login is not required any more",
        };
        self.note(who, "login-setting", "", what).await?;
        self.store.set_setting(KEY, &required, now).await?;
        self.remember(Some(required));
        self.end_sessions().await
    }

    /// Refuses something for its role, and writes it into the audit trail: the same once a minute, because
    /// a page may ask as often as it likes.
    pub(crate) async fn refuse(&self, account: &Account, what: &str, needs: Role) -> Error {
        let now = self.clock.epoch_seconds();
        let fresh = {
            let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
            refusals.retain(|_, at| now - *at < REFUSED);
            let key = (account.name.clone(), what.to_owned());
            match refusals.contains_key(&key) {
                true => false,
                false => refusals.insert(key, now).is_none(),
            }
        };
        let refusal = Error::NotAllowed {
            name: account.name.clone(),
            has: account.role,
            needs,
        };
        let text = format!("\"{what}\" was refused: it takes a {}", role(needs));
        if fresh
            && let Err(error) = self
                .note(&account.name, "refused", &account.name, &text)
                .await
        {
            tracing::error!(%error, "a refusal is not in the audit trail");
        }
        refusal
    }

    /// Writes into the audit trail what was done to an account.
    async fn note(&self, who: &str, action: &str, name: &str, what: &str) -> Result<(), Error> {
        let object = ObjectRef {
            api_version: "kubegraf/v1".into(),
            kind: "Account".into(),
            namespace: String::new(),
            name: name.to_owned(),
            uid: None,
        };
        let entry = AuditEntry {
            at: self.clock.epoch_seconds(),
            who: who.to_owned(),
            cluster: String::new(),
            action: action.to_owned(),
            object,
            phase: AuditPhase::After,
            what: what.to_owned(),
            result: None,
            execution: None,
        };
        Ok(self.store.add_audit(&entry).await?)
    }
}

/// Whose name and password were right.
struct Judged {
    id: i64,
    name: String,
    status: UserStatus,
}

/// Two names that fold to the same are one.
fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

fn check_name(name: &str) -> Result<(), Error> {
    let count = name.chars().count();
    match NAME.contains(&count) && !name.chars().any(char::is_control) {
        true => Ok(()),
        false => Err(Error::Name(count)),
    }
}

/// Only what would harm the audit trail is refused: whether mail arrives there is not our affair.
fn check_email(email: &str) -> Result<(), Error> {
    let odd = |c: char| c.is_control() || c.is_whitespace() || "<>".contains(c);
    let fine = email.is_empty()
        || (email.chars().count() <= EMAIL
            && email
                .split_once('@')
                .is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
            && !email.chars().any(odd));
    match fine {
        true => Ok(()),
        false => Err(Error::Email(email.chars().take(EMAIL).collect())),
    }
}
