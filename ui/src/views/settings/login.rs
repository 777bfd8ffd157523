//! Whether one has to sign in.

use kubegraf_ipc::account::{ListUsers, Password, Register, Role, SetLogin, UserStatus};
use leptos::{prelude::*, task::spawn_local};

use super::Part;
use crate::{
    components::{dialog::Dialog, secret_field::Line},
    ipc,
    model::words::sentence,
    route::{Page, Route},
    state::account::Accounts,
};

/// Login.
#[component]
pub fn LoginPart() -> impl IntoView {
    let accounts = Accounts::expect();
    let required = Memo::new(move |_| accounts.login_required());
    let admin = Memo::new(move |_| accounts.is_admin());
    let (asks, said) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let set = move |required: bool| {
        spawn_local(async move {
            let request = SetLogin {
                request_id: ipc::request_id(),
                required,
            };
            match ipc::call(request).await {
                Ok(state) if !required => accounts.take(state),
                Ok(_) => {}
                Err(error) => drop(said.try_set(Some(sentence(&error.message)))),
            }
        });
    };
    view! {
        <Part title="Login">
            <div class="setting-line">
                <span>"Signing in"</span>
                {move || match (required.get(), admin.get()) {
                    (false, _) => view! {
                        <button class="button small" type="button" data-action="require-login"
                            on:click=move |_| asks.set(true)>
                            "Require login…"
                        </button>
                    }.into_any(),
                    (true, true) => view! {
                        <button class="button small" type="button" data-action="forget-login"
                            on:click=move |_| set(false)>
                            "Require it no more"
                        </button>
                    }.into_any(),
                    (true, false) => view! { <span>"Required. An admin decides that."</span> }.into_any(),
                }}
            </div>
            <Show when=move || required.get() && admin.get()>
                <a class="button small" href=Route::Page(Page::Users).hash()>"Open users"</a>
            </Show>
            <p class="tone-bad" role="alert">{move || said.get()}</p>
            <p class="dim">
                "Without it, whoever sits here is this computer's user and may do everything his kubeconfigs allow. With it, the core asks for a session before every command: viewers look, users change clusters, admins decide about the rest. It guards this window, not the files of your account on this computer."
            </p>
            <Show when=move || asks.get()><Asking asks set /></Show>
        </Part>
    }
}

/// Makes the first admin, if there is none.
#[component]
fn Asking(
    /// Whether it is shown.
    asks: RwSignal<bool>,
    /// Demands login.
    set: impl Fn(bool) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let [name, email, password, again] = [0; 4].map(|_| RwSignal::new(String::new()));
    let (busy, said) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let admin = RwSignal::new(None::<bool>);
    spawn_local(async move {
        let users = ipc::call(ListUsers {}).await.unwrap_or_default();
        let mut users = users.iter();
        let found = users.any(|user| user.role == Role::Admin && user.status == UserStatus::Active);
        admin.try_set(Some(found));
    });
    let differs = move || again.get() != password.get();
    let begin = move || {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let request = Register {
            request_id: ipc::request_id(),
            name: name.get_untracked(),
            email: email.get_untracked(),
            password: Password(password.get_untracked()),
        };
        spawn_local(async move {
            match ipc::call(request).await {
                Ok(_) => set(true),
                Err(error) => drop(said.try_set(Some(sentence(&error.message)))),
            }
            busy.try_set(false);
        });
    };
    let form = move || {
        view! {
            <p>"The first account is an admin's: yours. Everybody else asks for one at the sign-in, or gets it from you."</p>
            <Line label="Name" field="name" value=name autocomplete="username" first=true />
            <Line label="E-mail, if you like" field="email" value=email autocomplete="email" />
            <Line label="Password" field="password" value=password secret=true autocomplete="new-password" />
            <Line label="Once more" field="again" value=again secret=true autocomplete="new-password" />
            <button class="button primary" type="submit" data-action="require-login-now"
                disabled=move || busy.get() || differs() || password.with(String::is_empty)>
                "Make the account and require login"
            </button>
        }
    };
    view! {
        <Dialog title=Signal::stored("Require login?".to_owned()) on_close=move || asks.set(false)>
            <form
                class="dialog-body account-form"
                data-form="first-account"
                on:submit=move |event| {
                    event.prevent_default();
                    match admin.get_untracked() {
                        Some(true) => set(true),
                        Some(false) if !differs() => begin(),
                        _ => {}
                    }
                }
            >
                {move || match admin.get() {
                    None => ().into_any(),
                    Some(false) => form().into_any(),
                    Some(true) => view! {
                        <p>"There are accounts from before. You will have to sign in with one of them at once."</p>
                        <button class="button primary" type="submit" data-action="require-login-now">
                            "Require login"
                        </button>
                    }.into_any(),
                }}
                <p class="tone-bad" role="alert" data-said>{move || said.get()}</p>
            </form>
        </Dialog>
    }
}
