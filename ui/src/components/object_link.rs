//! An object's name, leading to its kind's table where there is one.

use kubegraf_ipc::object::ObjectRef;
use leptos::prelude::*;

use crate::{model::words::path, route::Route, state::session::Session};

/// "Deployment shop/checkout", the path being a link to the table filtered by the name.
#[component]
pub fn ObjectLink(
    /// The object.
    object: ObjectRef,
) -> impl IntoView {
    let session = Session::expect();
    let (kind, name, shown) = (object.kind.clone(), object.name.clone(), path(&object));
    let missing = object.uid.is_none();
    let target = move || {
        let kind = session.kind_named(&object.kind)?.id;
        Some(Route::filtered(&kind, &name).hash())
    };
    let note = missing.then_some("Not found in the cluster when this was read");
    view! {
        <span class="object" title=note>
            <span class="dim">{kind}</span>
            " "
            {move || match target() {
                Some(href) => view! { <a class="mono" href=href>{shown.clone()}</a> }.into_any(),
                None => view! { <span class="mono">{shown.clone()}</span> }.into_any(),
            }}
        </span>
    }
}
