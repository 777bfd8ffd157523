//! What is shown at all: the app to who is signed in, the way in to everybody else.

use leptos::prelude::*;

use crate::{
    app::App,
    state::account::{Access, Accounts},
    views::sign_in::SignIn,
};

/// The whole page.
#[component]
pub fn Gate() -> impl IntoView {
    let accounts = Accounts::provide();
    move || match accounts.access.get() {
        Access::Unknown => ().into_any(),
        Access::Open => view! { <App /> }.into_any(),
        Access::Closed => view! { <SignIn /> }.into_any(),
    }
}
