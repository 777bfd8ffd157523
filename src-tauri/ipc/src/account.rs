//! Who uses the app: the profile of this computer, accounts, signing in and out. A session's token
//! never crosses the wire: core holds it for the window.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A password on its way to core. It is never printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(transparent)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// What an account may do; each may do what the ones before it may.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks.
    #[default]
    Viewer,
    /// Changes clusters and enters containers.
    User,
    /// Decides about accounts, safety, kubeconfig files and backups.
    Admin,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// What he signs in with; of the local profile, the computer's user.
    pub name: String,
    /// May be empty.
    pub email: String,
    /// What he may do.
    pub role: Role,
    /// Whether it is the profile of this computer, which nobody signs in to.
    pub local: bool,
}

/// Asks who is signed in in this window, and whether that still holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct GetAccount {}

/// Streams the same: once at the start and on every change. It goes on while nobody is signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct WatchAccount {}

/// Who is signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct AccountState {
    /// Whether one has to sign in.
    pub login_required: bool,
    /// `None` until somebody has signed in.
    pub account: Option<Account>,
    /// When the session ends without being used, epoch seconds; `None` for the local profile.
    pub expires_at: Option<i64>,
}

/// Signs in in this window. A name that is not known takes as long as a wrong password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Login {
    /// The account's name; upper and lower case are one.
    pub name: String,
    /// Its password.
    pub password: Password,
}

/// Signs out in this window; its streams end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct Logout {}

/// Makes an account. The first is an admin's; every other is a viewer's and waits until an admin lets
/// it in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Register {
    /// Unique per intended change.
    pub request_id: String,
    /// 1 to 64 characters, no other account's.
    pub name: String,
    /// May be empty.
    pub email: String,
    /// 10 to 1,024 bytes, not the name.
    pub password: Password,
}

/// Demands that one signs in, or does not any more. On: needs an admin's account. Off: every session
/// ends, and the profile of this computer is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct SetLogin {
    /// Unique per intended change.
    pub request_id: String,
    /// On or off.
    pub required: bool,
}

/// Changes one's own password; one's sessions in other windows end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ChangePassword {
    /// Unique per intended change.
    pub request_id: String,
    /// What it is; a wrong one counts like a failed login.
    pub old: Password,
    /// What it is to be.
    pub new: Password,
}

/// Lists the accounts, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct ListUsers {}

/// An account, as an admin sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Names it.
    pub id: String,
    /// What he signs in with.
    pub name: String,
    /// May be empty.
    pub email: String,
    /// What he may do.
    pub role: Role,
    /// Whether he may sign in.
    pub status: UserStatus,
    /// When the account was made, epoch seconds.
    pub created_at: i64,
    /// When he last signed in.
    pub last_login_at: Option<i64>,
    /// Until when nobody can sign in to it, because of failed attempts.
    pub locked_until: Option<i64>,
    /// Sessions that are open.
    pub sessions: u32,
}

/// Whether the owner of an account may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// He may.
    Active,
    /// He registered, and no admin has let him in.
    Waiting,
    /// An admin has disabled it.
    Disabled,
}

/// Makes an account that may sign in at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct AddUser {
    /// Unique per intended change.
    pub request_id: String,
    /// 1 to 64 characters, no other account's.
    pub name: String,
    /// May be empty.
    pub email: String,
    /// 10 to 1,024 bytes, not the name.
    pub password: Password,
    /// What he may do.
    pub role: Role,
}

/// Changes an account; its sessions end. The last admin stays one while login is required.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ChangeUser {
    /// Unique per intended change.
    pub request_id: String,
    /// [`User::id`].
    pub id: String,
    /// What is to be.
    pub change: UserChange,
}

/// One change of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase", tag = "change", content = "value")]
pub enum UserChange {
    /// What he may do.
    Role(Role),
    /// Whether he may sign in.
    Enabled(bool),
    /// Another password, for one who has forgotten his; ends a lockout.
    Password(Password),
}

/// Deletes an account and its sessions. The last admin stays while login is required.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct DeleteUser {
    /// Unique per intended change.
    pub request_id: String,
    /// [`User::id`].
    pub id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Covers: SEC-07
    #[test]
    fn a_password_is_never_printed() {
        let login = Login {
            name: "ada".into(),
            password: Password("correct horse".into()),
        };
        let change = UserChange::Password(Password("correct horse".into()));
        let printed = format!("{login:?} {change:?}");
        assert!(!printed.contains("horse"), "{printed}");
    }
}
