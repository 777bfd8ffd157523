//! The accounts: who may use the app, and what for. Only an admin sees them, because core says so.

use kubegraf_ipc::{
    Error,
    account::{
        AddUser, ChangeUser, DeleteUser, ListUsers, Password, Role, User, UserChange, UserStatus,
    },
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{dialog::Dialog, empty::EmptyState, icon::Icon, secret_field::Line, when::when},
    ipc,
    model::words::{plural, sentence},
    state::{account::role_name, toasts::Toasts},
};

const ROLES: [(&str, Role); 3] = [
    ("viewer", Role::Viewer),
    ("user", Role::User),
    ("admin", Role::Admin),
];

fn role_of(word: &str) -> Role {
    let found = ROLES.iter().find(|(name, _)| *name == word);
    found.map_or(Role::Viewer, |(_, role)| *role)
}

/// What is asked in a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Asked {
    /// A new account.
    Add,
    /// Another password of an account.
    Password(User),
    /// Whether an account goes.
    Delete(User),
}

/// What is known of the accounts.
#[derive(Clone, Copy)]
struct Known {
    list: RwSignal<Option<Result<Vec<User>, Error>>>,
    asked: RwSignal<Option<Asked>>,
    toasts: Toasts,
}

impl Known {
    fn read(self) {
        spawn_local(async move {
            let list = ipc::call(ListUsers {}).await;
            self.list.try_set(Some(list));
        });
    }

    fn change(self, id: String, change: UserChange) {
        spawn_local(async move {
            let request = ChangeUser {
                request_id: ipc::request_id(),
                id,
                change,
            };
            if let Err(error) = ipc::call(request).await {
                self.toasts.complain("changing the account", &error);
            }
            self.read();
        });
    }

    fn delete(self, id: String) {
        spawn_local(async move {
            let request = DeleteUser {
                request_id: ipc::request_id(),
                id,
            };
            if let Err(error) = ipc::call(request).await {
                self.toasts.complain("deleting the account", &error);
            }
            self.read();
        });
    }
}

/// The view.
#[component]
pub fn UsersView() -> impl IntoView {
    let known = Known {
        list: RwSignal::new(None),
        asked: RwSignal::new(None),
        toasts: Toasts::expect(),
    };
    known.read();
    let count = move || {
        known.list.with(|list| match list {
            Some(Ok(list)) => plural(list.len() as u64, "account"),
            _ => String::new(),
        })
    };
    view! {
        <div class="view-head">
            <h1>"Users"</h1>
            <span class="dim">{count}</span>
            <span class="header-space"></span>
            <button class="button primary" type="button" data-action="add-user"
                on:click=move |_| known.asked.set(Some(Asked::Add))>
                "Add an account"
            </button>
        </div>
        <div class="users-frame">
            {move || match known.list.get() {
                None => view! { <div class="bone"></div> }.into_any(),
                Some(Err(error)) => view! {
                    <EmptyState icon=Icon::Shield title="The accounts are not yours to see" text=sentence(&error.message) />
                }.into_any(),
                Some(Ok(list)) if list.is_empty() => view! {
                    <EmptyState
                        icon=Icon::Person
                        title="There is no account"
                        text="Whoever sits here is this computer's user. Settings, Login, changes that.".to_owned()
                     />
                }.into_any(),
                Some(Ok(list)) => view! { <Table list known /> }.into_any(),
            }}
        </div>
        {move || known.asked.get().map(|asked| match asked {
            Asked::Add => view! { <Adding known /> }.into_any(),
            Asked::Password(user) => view! { <Giving known user /> }.into_any(),
            Asked::Delete(user) => view! { <Deleting known user /> }.into_any(),
        })}
    }
}

#[component]
fn Table(
    /// The accounts.
    list: Vec<User>,
    /// What is known of them.
    known: Known,
) -> impl IntoView {
    view! {
        <table class="users" aria-label="Accounts">
            <thead>
                <tr>
                    <th scope="col">"Name"</th>
                    <th scope="col">"E-mail"</th>
                    <th scope="col">"Role"</th>
                    <th scope="col">"State"</th>
                    <th scope="col">"Last signed in"</th>
                    <th scope="col">"Sessions"</th>
                    <th scope="col"><span class="dim">"What to do"</span></th>
                </tr>
            </thead>
            <tbody>{list.into_iter().map(|user| view! { <Row user known /> }).collect_view()}</tbody>
        </table>
    }
}

#[component]
fn Row(
    /// The account.
    user: User,
    /// What is known of all.
    known: Known,
) -> impl IntoView {
    let state = match (user.status, user.locked_until) {
        (_, Some(until)) => format!("Locked until {}", when(until)),
        (UserStatus::Active, None) => "Active".to_owned(),
        (UserStatus::Waiting, None) => "Waits to be let in".to_owned(),
        (UserStatus::Disabled, None) => "Disabled".to_owned(),
    };
    let active = user.status == UserStatus::Active;
    let enable = match user.status {
        UserStatus::Active => "Disable",
        UserStatus::Waiting => "Let in",
        UserStatus::Disabled => "Enable",
    };
    let last = user.last_login_at.map_or_else(|| "never".to_owned(), when);
    let label = format!("Role of {}", user.name);
    let (id, other) = (user.id.clone(), user.id.clone());
    let (gives, goes) = (user.clone(), user.clone());
    view! {
        <tr data-user=user.name.clone()>
            <th scope="row" class="selectable">{user.name.clone()}</th>
            <td class="selectable">{user.email.clone()}</td>
            <td>
                <select
                    class="input"
                    aria-label=label
                    data-field="role"
                    on:change:target=move |event| {
                        known.change(id.clone(), UserChange::Role(role_of(&event.target().value())));
                    }
                >
                    {ROLES.map(|(word, role)| view! {
                        <option value=word selected={role == user.role}>{role_name(role)}</option>
                    }).into_iter().collect_view()}
                </select>
            </td>
            <td data-state>{state}</td>
            <td class="number">{last}</td>
            <td class="number">{user.sessions}</td>
            <td>
                <span class="row-deeds">
                    <button class="button small" type="button" data-action="enable"
                        on:click=move |_| known.change(other.clone(), UserChange::Enabled(!active))>
                        {enable}
                    </button>
                    <button class="button small" type="button" data-action="give-password"
                        on:click=move |_| known.asked.set(Some(Asked::Password(gives.clone())))>
                        "Password…"
                    </button>
                    <button class="button small" type="button" data-action="delete-user"
                        on:click=move |_| known.asked.set(Some(Asked::Delete(goes.clone())))>
                        "Delete…"
                    </button>
                </span>
            </td>
        </tr>
    }
}

#[component]
fn Adding(
    /// What is known of the accounts.
    known: Known,
) -> impl IntoView {
    let [name, email, password] = [0; 3].map(|_| RwSignal::new(String::new()));
    let role = RwSignal::new(Role::Viewer);
    let said = RwSignal::new(None::<String>);
    let add = move || {
        let request = AddUser {
            request_id: ipc::request_id(),
            name: name.get_untracked(),
            email: email.get_untracked(),
            password: Password(password.get_untracked()),
            role: role.get_untracked(),
        };
        spawn_local(async move {
            match ipc::call(request).await {
                Ok(_) => drop(known.asked.try_set(None)),
                Err(error) => drop(said.try_set(Some(sentence(&error.message)))),
            }
            known.read();
        });
    };
    view! {
        <Dialog title=Signal::stored("Add an account".to_owned()) on_close=move || known.asked.set(None)>
            <form class="dialog-body account-form" data-form="add-user"
                on:submit=move |event| { event.prevent_default(); add(); }>
                <Line label="Name" field="name" value=name first=true />
                <Line label="E-mail, if there is one" field="email" value=email />
                <Line label="First password" field="password" value=password secret=true autocomplete="new-password" />
                <label class="account-line">
                    <span>"Role"</span>
                    <select class="input" data-field="new-role"
                        on:change:target=move |event| role.set(role_of(&event.target().value()))>
                        {ROLES.map(|(word, role)| view! { <option value=word>{role_name(role)}</option> })
                            .into_iter().collect_view()}
                    </select>
                </label>
                <p class="tone-bad" role="alert">{move || said.get()}</p>
                <button class="button primary" type="submit" data-action="add-user-now"
                    disabled=move || name.with(String::is_empty)>
                    "Add it"
                </button>
            </form>
        </Dialog>
    }
}

#[component]
fn Giving(
    /// What is known of the accounts.
    known: Known,
    /// Whose password.
    user: User,
) -> impl IntoView {
    let password = RwSignal::new(String::new());
    let title = format!("Another password for {}", user.name);
    let id = StoredValue::new(user.id);
    view! {
        <Dialog title=Signal::stored(title) on_close=move || known.asked.set(None)>
            <form class="dialog-body account-form"
                on:submit=move |event| {
                    event.prevent_default();
                    let given = Password(password.get_untracked());
                    known.asked.set(None);
                    known.change(id.get_value(), UserChange::Password(given));
                }>
                <Line label="Password" field="password" value=password secret=true autocomplete="new-password" first=true />
                <p class="dim">"His sessions end, and a lock of his name with them."</p>
                <button class="button primary" type="submit" disabled=move || password.with(String::is_empty)>
                    "Give it"
                </button>
            </form>
        </Dialog>
    }
}

#[component]
fn Deleting(
    /// What is known of the accounts.
    known: Known,
    /// Whose account.
    user: User,
) -> impl IntoView {
    let title = format!("Delete the account {}?", user.name);
    let id = StoredValue::new(user.id);
    let close = move || known.asked.set(None);
    view! {
        <Dialog title=Signal::stored(title) on_close=close>
            <div class="dialog-body">
                <p>"Its sessions end at once. What was done in its name stays in the audit trail."</p>
            </div>
            <div class="dialog-foot">
                <span class="dim"></span>
                <button class="button" type="button" on:click=move |_| close()>"Cancel"</button>
                <button class="button primary" type="button" data-action="delete-user-now"
                    on:click=move |_| { close(); known.delete(id.get_value()); }>
                    "Delete"
                </button>
            </div>
        </Dialog>
    }
}
