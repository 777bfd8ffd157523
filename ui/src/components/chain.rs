//! How a cause reaches its symptoms: objects and arrows, cause first.

use std::collections::HashSet;

use kubegraf_ipc::{incident::Link, object::ObjectRef};
use leptos::prelude::*;

use crate::{
    components::{
        icon::{Glyph, Icon},
        object_link::ObjectLink,
    },
    model::words::spaced,
};

/// The causal chain. Steps that go on from the one before share its line; a branch starts anew.
#[component]
pub fn Chain(
    /// The steps, nearest to the cause first.
    links: Vec<Link>,
    /// The object the cause is in, shown alone when there is no step.
    target: ObjectRef,
) -> impl IntoView {
    let lines = lines(links);
    if lines.is_empty() {
        return view! {
            <ol class="chain">
                <li class="chain-line"><Node object=target /></li>
            </ol>
        }
        .into_any();
    }
    let drawn = lines.into_iter().map(|line| {
        let first = line.first().map(|link| link.from.clone());
        let steps = line.into_iter().map(|link| {
            view! {
                <span class="chain-arrow">
                    {spaced(&link.link)}
                    <Glyph icon=Icon::Arrow size=14 />
                </span>
                <Node object=link.to />
            }
        });
        view! {
            <li class="chain-line">
                {first.map(|object| view! { <Node object /> })}
                {steps.collect_view()}
            </li>
        }
    });
    view! { <ol class="chain">{drawn.collect_view()}</ol> }.into_any()
}

/// One object of the chain.
#[component]
fn Node(
    /// The object.
    object: ObjectRef,
) -> impl IntoView {
    view! { <span class="chain-node"><ObjectLink object /></span> }
}

/// Joins steps that follow each other into lines.
fn lines(links: Vec<Link>) -> Vec<Vec<Link>> {
    let mut lines: Vec<Vec<Link>> = Vec::new();
    let mut seen = HashSet::new();
    for link in links {
        if !seen.insert((link.from.clone(), link.to.clone())) {
            continue;
        }
        match lines.last_mut() {
            Some(line) if line.last().is_some_and(|last| last.to == link.from) => line.push(link),
            _ => lines.push(vec![link]),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(from: &str, to: &str) -> Link {
        let object = |name: &str| ObjectRef {
            api_version: "v1".into(),
            kind: "Pod".into(),
            namespace: "shop".into(),
            name: name.into(),
            uid: None,
        };
        Link {
            from: object(from),
            link: "owns".into(),
            to: object(to),
        }
    }

    #[test]
    fn a_branch_starts_a_new_line() {
        let steps = vec![
            link("a", "b"),
            link("b", "c"),
            link("b", "d"),
            link("a", "b"),
        ];
        let lengths: Vec<_> = lines(steps).iter().map(Vec::len).collect();
        assert_eq!(lengths, [2, 1]);
    }
}
