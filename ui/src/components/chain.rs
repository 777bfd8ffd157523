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

/// A step, and the names of further objects it leads to in the same way.
struct Step {
    link: Link,
    more: Vec<String>,
}

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
        let first = line.first().map(|step| step.link.from.clone());
        let steps = line.into_iter().map(|Step { link, more }| {
            view! {
                <span class="chain-arrow">
                    {spaced(&link.link)}
                    <Glyph icon=Icon::Arrow size=14 />
                </span>
                <Node object=link.to />
                {(!more.is_empty()).then(|| view! {
                    <span class="dim" title=more.join("\n")>{format!("and {} more", more.len())}</span>
                })}
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

/// Joins steps that follow each other into lines. Of siblings that lead nowhere further, such as
/// the pods of one ReplicaSet, the first stands for all.
fn lines(links: Vec<Link>) -> Vec<Vec<Step>> {
    let goes_on: HashSet<_> = links.iter().map(|link| link.from.clone()).collect();
    let mut lines: Vec<Vec<Step>> = Vec::new();
    let mut seen = HashSet::new();
    for link in links {
        if !seen.insert((link.from.clone(), link.to.clone())) {
            continue;
        }
        let sibling = lines.iter_mut().flatten().find(|step| {
            step.link.from == link.from
                && step.link.link == link.link
                && step.link.to.kind == link.to.kind
                && !goes_on.contains(&step.link.to)
                && !goes_on.contains(&link.to)
        });
        if let Some(step) = sibling {
            step.more.push(link.to.name);
            continue;
        }
        let more = Vec::new();
        let step = Step { link, more };
        match lines.last_mut() {
            Some(line)
                if line
                    .last()
                    .is_some_and(|last| last.link.to == step.link.from) =>
            {
                line.push(step);
            }
            _ => lines.push(vec![step]),
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
    fn a_branch_that_goes_on_starts_a_new_line() {
        let steps = vec![
            link("a", "b"),
            link("b", "c"),
            link("b", "d"),
            link("a", "b"),
            link("d", "e"),
        ];
        let lengths: Vec<_> = lines(steps).iter().map(Vec::len).collect();
        assert_eq!(lengths, [2, 2]);
    }

    #[test]
    fn siblings_at_the_end_share_a_node() {
        let steps = vec![
            link("a", "b"),
            link("b", "c"),
            link("b", "d"),
            link("b", "e"),
        ];
        let lines = lines(steps);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0][1].more, ["d", "e"]);
    }
}
