//! Who is signed in in this window, as core says. The session itself is core's: the page holds nothing
//! that opens it.

use kubegraf_ipc::{
    Error,
    account::{Account, AccountState, Logout, Role, WatchAccount},
};
use leptos::prelude::*;

use crate::ipc::{self, WatchGuard};

/// What the page may show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Core has not answered.
    Unknown,
    /// Somebody is signed in.
    Open,
    /// Nobody is.
    Closed,
}

/// Who is signed in.
#[derive(Clone, Copy, Debug)]
pub struct Accounts {
    state: RwSignal<Option<AccountState>>,
    /// What the page may show.
    pub access: Memo<Access>,
    guard: StoredValue<Option<WatchGuard>>,
}

impl Accounts {
    /// Asks core and hands the answer to every component below.
    pub fn provide() -> Self {
        let state = RwSignal::new(None::<AccountState>);
        let failure = RwSignal::new(None::<Error>);
        let access = Memo::new(move |_| {
            // A page that cannot ask says so in its views.
            if failure.with(Option::is_some) {
                return Access::Open;
            }
            state.with(|state| match state {
                None => Access::Unknown,
                Some(state) if state.account.is_some() => Access::Open,
                Some(_) => Access::Closed,
            })
        });
        let accounts = Self {
            state,
            access,
            guard: StoredValue::new(None),
        };
        provide_context(accounts);
        let told = move |now: AccountState| {
            let ended = accounts.access.get_untracked() == Access::Open && now.account.is_none();
            if ended {
                // Nothing of what was shown stays in the page's memory.
                let _ = window().location().reload();
                return;
            }
            state.set(Some(now));
        };
        match ipc::watch(&WatchAccount {}, told, move |error| {
            failure.set(Some(error));
        }) {
            Ok(guard) => accounts.guard.set_value(Some(guard)),
            Err(error) => failure.set(Some(error)),
        }
        accounts
    }

    /// The one provided above.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// Whether one has to sign in.
    #[must_use]
    pub fn login_required(self) -> bool {
        self.state
            .with(|state| state.as_ref().is_some_and(|state| state.login_required))
    }

    /// Who is signed in.
    #[must_use]
    pub fn account(self) -> Option<Account> {
        self.state.with(|state| state.as_ref()?.account.clone())
    }

    /// Whether an admin is signed in; the profile of this computer is one.
    #[must_use]
    pub fn is_admin(self) -> bool {
        self.account()
            .is_none_or(|account| account.role == Role::Admin)
    }

    /// Takes over what an answer says, before the stream does.
    pub fn take(self, state: AccountState) {
        self.state.set(Some(state));
    }

    /// Signs out.
    pub fn leave(self) {
        ipc::send(Logout {});
    }
}

/// What a role is called.
#[must_use]
pub const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer",
        Role::User => "User",
        Role::Admin => "Admin",
    }
}
