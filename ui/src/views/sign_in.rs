//! Where one signs in, or asks for an account. Shown instead of the app: nothing of a cluster is here.

use kubegraf_ipc::{
    account::{Login, Password, Register},
    app::Leave,
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::secret_field::Line, ipc, model::words::sentence, state::account::Accounts,
};

/// The view.
#[component]
pub fn SignIn() -> impl IntoView {
    let registers = RwSignal::new(false);
    let said = RwSignal::new(None::<String>);
    view! {
        <main class="sign-in" data-view="sign-in">
            <section class="card sign-in-card" aria-labelledby="sign-in-title">
                <h1 id="sign-in-title">
                    {move || if registers.get() { "Ask for an account" } else { "Sign in to KubeGraf" }}
                </h1>
                {move || match registers.get() {
                    false => view! { <LoginForm said /> }.into_any(),
                    true => view! { <RegisterForm said registers /> }.into_any(),
                }}
                <p class="tone-bad selectable" role="alert" data-said>{move || said.get()}</p>
                <div class="sign-in-foot">
                    <button
                        class="button small"
                        type="button"
                        data-action="other-form"
                        on:click=move |_| {
                            said.set(None);
                            registers.update(|registers| *registers = !*registers);
                        }
                    >
                        {move || if registers.get() { "Sign in" } else { "Ask for an account" }}
                    </button>
                    <button
                        class="button small"
                        type="button"
                        data-action="quit"
                        on:click=move |_| ipc::send(kubegraf_ipc::app::LeaveWindow { how: Leave::Quit })
                    >
                        "Quit"
                    </button>
                </div>
            </section>
        </main>
    }
}

#[component]
fn LoginForm(
    /// Why it did not work.
    said: RwSignal<Option<String>>,
) -> impl IntoView {
    let accounts = Accounts::expect();
    let (name, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let busy = RwSignal::new(false);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let request = Login {
            name: name.get_untracked(),
            password: Password(password.get_untracked()),
        };
        password.set(String::new());
        spawn_local(async move {
            match ipc::call(request).await {
                Ok(state) => accounts.take(state),
                Err(error) => said.set(Some(sentence(&error.message))),
            }
            busy.try_set(false);
        });
    };
    view! {
        <form class="account-form" data-form="login" on:submit=submit>
            <Line label="Name" field="name" value=name autocomplete="username" first=true />
            <Line
                label="Password"
                field="password"
                value=password
                secret=true
                autocomplete="current-password"
            />
            <button
                class="button primary"
                type="submit"
                data-action="login"
                disabled=move || busy.get() || name.with(String::is_empty)
            >
                {move || if busy.get() { "Looking …" } else { "Sign in" }}
            </button>
        </form>
        <p class="dim">
            "Forgotten? An admin gives you another password. If you are the only one, start KubeGraf once as “kubegraf --no-login”."
        </p>
    }
}

#[component]
fn RegisterForm(
    /// What became of it.
    said: RwSignal<Option<String>>,
    /// Whether this form is shown.
    registers: RwSignal<bool>,
) -> impl IntoView {
    let [name, email, password, again] = [0; 4].map(|_| RwSignal::new(String::new()));
    let busy = RwSignal::new(false);
    let differs = move || again.with(|again| !again.is_empty() && *again != password.get());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() || again.get_untracked() != password.get_untracked() {
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
                Ok(user) => {
                    registers.set(false);
                    let text = format!(
                        "The account \"{}\" waits until an admin lets it in.",
                        user.name
                    );
                    said.set(Some(text));
                }
                Err(error) => said.set(Some(sentence(&error.message))),
            }
            busy.try_set(false);
        });
    };
    view! {
        <form class="account-form" data-form="register" on:submit=submit>
            <Line label="Name" field="name" value=name autocomplete="username" first=true />
            <Line label="E-mail, if you like" field="email" value=email autocomplete="email" />
            <Line label="Password" field="password" value=password secret=true autocomplete="new-password" />
            <Line label="Once more" field="again" value=again secret=true autocomplete="new-password" />
            <button
                class="button primary"
                type="submit"
                data-action="register"
                disabled=move || busy.get() || differs() || again.with(String::is_empty)
            >
                "Ask for it"
            </button>
        </form>
        <p class="dim">
            {move || if differs() { "The two passwords differ." } else { "10 characters at least. An admin lets new accounts in." }}
        </p>
    }
}
