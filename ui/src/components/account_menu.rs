//! Who is signed in, his password, and the way out. Not there while nobody has to sign in.

use kubegraf_ipc::account::{ChangePassword, Password};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{
        dialog::Dialog,
        icon::{Glyph, Icon},
        menu::Menu,
        secret_field::Line,
    },
    ipc,
    model::words::sentence,
    state::{
        account::{Accounts, role_name},
        toasts::Toasts,
    },
};

/// The button in the header and what it opens.
#[component]
pub fn AccountMenu() -> impl IntoView {
    let accounts = Accounts::expect();
    let named = Memo::new(move |_| {
        let account = accounts.account()?;
        (!account.local).then_some((account.name, account.email, account.role))
    });
    move || {
        named
            .get()
            .map(|(name, email, role)| view! { <Signed name email role=role_name(role) /> })
    }
}

#[component]
fn Signed(
    /// Whose account.
    name: String,
    /// May be empty.
    email: String,
    /// What he may do.
    role: &'static str,
) -> impl IntoView {
    let accounts = Accounts::expect();
    let (open, changes) = (RwSignal::new(false), RwSignal::new(false));
    let who = match email.is_empty() {
        true => role.to_owned(),
        false => format!("{email}, {role}"),
    };
    let button = view! {
        <Glyph icon=Icon::Person size=14 />
        <span class="clip">{name.clone()}</span>
    };
    let label = format!("Account {name}, {role}");
    let who = StoredValue::new(who);
    view! {
        <Menu open label class="button account-button" button=button.into_any() role="menu" at_right=true>
            <p class="menu-text" role="presentation">{who.get_value()}</p>
            <button
                class="menu-item"
                type="button"
                role="menuitem"
                data-action="change-password"
                on:click=move |_| {
                    open.set(false);
                    changes.set(true);
                }
            >
                "Change password…"
            </button>
            <button
                class="menu-item"
                type="button"
                role="menuitem"
                data-action="logout"
                on:click=move |_| accounts.leave()
            >
                "Sign out"
            </button>
        </Menu>
        <Show when=move || changes.get()>
            <PasswordDialog open=changes />
        </Show>
    }
}

#[component]
fn PasswordDialog(
    /// Whether it is shown.
    open: RwSignal<bool>,
) -> impl IntoView {
    let toasts = Toasts::expect();
    let [old, new, again] = [0; 3].map(|_| RwSignal::new(String::new()));
    let (busy, said) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let differs = move || again.get() != new.get();
    let change = move || {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let request = ChangePassword {
            request_id: ipc::request_id(),
            old: Password(old.get_untracked()),
            new: Password(new.get_untracked()),
        };
        spawn_local(async move {
            match ipc::call(request).await {
                Ok(()) => {
                    toasts.say("Your password is changed.");
                    open.try_set(false);
                }
                Err(error) => drop(said.try_set(Some(sentence(&error.message)))),
            }
            busy.try_set(false);
        });
    };
    view! {
        <Dialog title=Signal::stored("Change your password".to_owned()) on_close=move || open.set(false)>
            <form
                class="dialog-body account-form"
                data-form="password"
                on:submit=move |event| {
                    event.prevent_default();
                    if !differs() {
                        change();
                    }
                }
            >
                <Line label="What it is" field="old" value=old secret=true autocomplete="current-password" first=true />
                <Line label="What it is to be" field="new" value=new secret=true autocomplete="new-password" />
                <Line label="Once more" field="again" value=again secret=true autocomplete="new-password" />
                <p class="tone-bad" role="alert">{move || said.get()}</p>
                <button class="button primary" type="submit" data-action="change-password-now"
                    disabled=move || busy.get() || differs() || new.with(String::is_empty)>
                    "Change it"
                </button>
            </form>
        </Dialog>
    }
}
