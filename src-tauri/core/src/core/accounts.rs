//! Who uses the app: the one gate before every command, signing in and out, and the accounts.

use std::{sync::Arc, time::Duration};

use kubegraf_ipc::{
    Code, Error, Reply,
    account::{
        Account, AccountState, AddUser, ChangePassword, ChangeUser, DeleteUser, GetAccount,
        ListUsers, Login, Logout, Register, Role, SetLogin, WatchAccount,
    },
};
use tokio::sync::watch;

use super::Core;
use crate::{
    Options, Sink, StreamKey, TaskGuard,
    accounts::{Accounts, Need, is_a_use, need},
    features,
    streams::Streams,
};

/// How often it is looked at whether a session has run out.
const LOOK: Duration = Duration::from_secs(5);

impl Core {
    /// Lets a command of a window in: the same core, in the name of who is signed in there. Whoever passes
    /// commands on asks here first, for every one.
    ///
    /// # Errors
    /// [`kubegraf_ipc::Code::SignedOut`], [`kubegraf_ipc::Code::NotAllowed`],
    /// [`kubegraf_ipc::Code::SwitchedOff`], or when the store cannot be read.
    pub async fn permit(&self, window: &str, command: &str) -> Result<Self, Error> {
        let account = self.admit(window, command, is_a_use(command)).await?;
        features::permit(&self.0.chosen.all().await?, command)?;
        Ok(Self(Arc::clone(&self.0), account.map(Arc::new)))
    }

    /// Ends a stream that was opened while its window lost the right to it.
    ///
    /// # Errors
    /// As [`Core::permit`]: then the stream has ended.
    pub async fn confirm(&self, key: &StreamKey, command: &str) -> Result<(), Error> {
        let admitted = self.admit(key.window(), command, false).await;
        if admitted.is_err() {
            self.0.streams.end(key);
        }
        admitted.map(drop)
    }

    /// Who may do this in a window; `None` where nobody has to be signed in, and for the local profile.
    async fn admit(
        &self,
        window: &str,
        command: &str,
        used: bool,
    ) -> Result<Option<Account>, Error> {
        let Need::Role(needs) = need(command) else {
            return Ok(None);
        };
        let accounts = &self.0.accounts;
        let account = accounts.account(window, used).await?;
        if account.role < needs {
            let refusal = accounts.refuse(&account, command, needs).await;
            tracing::warn!(command, "refused for the role of the account");
            return Err(refusal.into());
        }
        Ok((!account.local).then_some(account))
    }

    /// Says no unless the account is of a role; the local profile is an admin's.
    pub(super) async fn needs(&self, what: &str, role: Role) -> Result<(), Error> {
        match &self.1 {
            Some(account) if account.role < role => {
                Err(self.0.accounts.refuse(account, what, role).await.into())
            }
            _ => Ok(()),
        }
    }

    /// In whose name this core acts, as the audit trail has it.
    pub(super) fn actor(&self) -> String {
        match &self.1 {
            None => self.0.actor.clone(),
            Some(account) if account.email.is_empty() => account.name.clone(),
            Some(account) => format!("{} <{}>", account.name, account.email),
        }
    }

    /// Whether somebody is signed in in a window; the tray and the desktop's alerts tell nothing otherwise.
    pub async fn is_signed_in(&self, window: &str) -> bool {
        let state = self.0.accounts.state(window).await;
        state.is_ok_and(|state| state.account.is_some())
    }

    /// Wakes whoever follows who is signed in.
    #[must_use]
    pub fn account_changes(&self) -> watch::Receiver<u64> {
        self.0.accounts.changes()
    }

    /// [`GetAccount`].
    pub async fn get_account(&self, _: GetAccount, window: &str) -> Reply<GetAccount> {
        Ok(self.0.accounts.state(window).await?)
    }

    /// [`WatchAccount`]. It outlives the session: it is what tells that one has ended.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn watch_account(
        &self,
        _: WatchAccount,
        key: StreamKey,
        mut sink: Sink<AccountState>,
    ) -> Result<(), Error> {
        let accounts = Arc::clone(&self.0.accounts);
        let window = key.window().to_owned();
        let mut changes = accounts.changes();
        let mut told = accounts.state(&window).await?;
        let work = async move {
            if !sink(told.clone()) {
                return;
            }
            loop {
                if !changed(&mut changes, told.login_required).await {
                    return;
                }
                match accounts.state(&window).await {
                    Ok(now) if now == told => {}
                    Ok(now) => {
                        told = now;
                        if !sink(told.clone()) {
                            return;
                        }
                    }
                    Err(error) => tracing::warn!(%error, "who is signed in cannot be read"),
                }
            }
        };
        self.0.streams.keep_always(key, TaskGuard::spawn(work));
        Ok(())
    }

    /// [`Login`].
    pub async fn login(&self, request: Login, window: &str) -> Reply<Login> {
        let Login { name, password } = request;
        self.0.accounts.login(window, &name, password).await?;
        Ok(self.0.accounts.state(window).await?)
    }

    /// [`Logout`].
    pub async fn logout(&self, _: Logout, window: &str) -> Reply<Logout> {
        self.0.accounts.logout(window).await?;
        self.forget_window(window).await
    }

    /// Ends what a window shows, if nobody is signed in there any more.
    async fn forget_window(&self, window: &str) -> Result<(), Error> {
        if self.0.accounts.state(window).await?.account.is_none() {
            self.0.streams.end_private(window);
            // The next one must not be given this one's answers.
            self.0.requests.forget();
        }
        Ok(())
    }

    /// [`Register`].
    pub async fn register(&self, request: Register) -> Reply<Register> {
        let Register {
            request_id,
            name,
            email,
            password,
        } = request;
        let register = async { Ok(self.0.accounts.register(&name, &email, password).await?) };
        self.0.requests.once(&request_id, register).await
    }

    /// [`SetLogin`].
    pub async fn set_login(&self, request: SetLogin, window: &str) -> Reply<SetLogin> {
        let actor = self.actor();
        let set = async {
            let accounts = &self.0.accounts;
            accounts.set_required(&actor, request.required).await?;
            Ok(accounts.state(window).await?)
        };
        let answer = self.0.requests.once(&request.request_id, set).await?;
        self.forget_window(window).await?;
        Ok(answer)
    }

    /// [`ChangePassword`].
    pub async fn change_password(
        &self,
        request: ChangePassword,
        window: &str,
    ) -> Reply<ChangePassword> {
        let ChangePassword {
            request_id,
            old,
            new,
        } = request;
        let change = async {
            let accounts = &self.0.accounts;
            let account = accounts.account(window, true).await?;
            accounts.change_password(window, &account, old, new).await?;
            Ok(())
        };
        self.0.requests.once(&request_id, change).await
    }

    /// [`ListUsers`].
    pub async fn list_users(&self, _: ListUsers) -> Reply<ListUsers> {
        Ok(self.0.accounts.users().await?)
    }

    /// [`AddUser`].
    pub async fn add_user(&self, request: AddUser) -> Reply<AddUser> {
        let AddUser {
            request_id,
            name,
            email,
            password,
            role,
        } = request;
        let actor = self.actor();
        let accounts = &self.0.accounts;
        let add = async {
            let whose = (name.as_str(), email.as_str());
            Ok(accounts.add_user(&actor, whose, password, role).await?)
        };
        self.0.requests.once(&request_id, add).await
    }

    /// [`ChangeUser`].
    pub async fn change_user(&self, request: ChangeUser) -> Reply<ChangeUser> {
        let ChangeUser {
            request_id,
            id,
            change,
        } = request;
        let actor = self.actor();
        let accounts = &self.0.accounts;
        let change = async { Ok(accounts.change_user(&actor, &id, change).await?) };
        self.0.requests.once(&request_id, change).await
    }

    /// [`DeleteUser`].
    pub async fn delete_user(&self, request: DeleteUser) -> Reply<DeleteUser> {
        let actor = self.actor();
        let delete = async { Ok(self.0.accounts.delete_user(&actor, &request.id).await?) };
        self.0.requests.once(&request.request_id, delete).await
    }

    /// Does not demand login any more, for whoever has forgotten the password: who may start the program
    /// with the app's data may do that. A window that is open obeys from its next start on.
    ///
    /// # Errors
    /// When the store cannot be opened or written.
    pub async fn forget_login(options: Options) -> Result<(), Error> {
        let opened = Self::start_guest(options).await;
        let core = opened.map_err(|error| Error::new(Code::Storage, error.to_string()))?;
        let accounts = &core.0.accounts;
        let forgotten = accounts.set_required(&core.0.actor, false).await;
        core.stop().await;
        Ok(forgotten?)
    }

    /// Ends what windows show when their session has ended, however it did.
    pub(super) async fn guard_windows(accounts: Arc<Accounts>, streams: Arc<Streams>) {
        let mut changes = accounts.changes();
        loop {
            let required = accounts.is_required().await.unwrap_or(true);
            if required {
                for window in streams.windows() {
                    match accounts.state(&window).await {
                        Ok(state) if state.account.is_some() => {}
                        Ok(_) => streams.end_private(&window),
                        Err(error) => tracing::warn!(%error, "a session cannot be looked at"),
                    }
                }
            }
            if !changed(&mut changes, required).await {
                return;
            }
        }
    }
}

/// Waits for a change, or, while there are sessions that may run out, for the next look; `false` when
/// nothing will change any more.
async fn changed(changes: &mut watch::Receiver<u64>, look: bool) -> bool {
    if !look {
        return changes.changed().await.is_ok();
    }
    match tokio::time::timeout(LOOK, changes.changed()).await {
        Ok(changed) => changed.is_ok(),
        Err(_) => true,
    }
}
