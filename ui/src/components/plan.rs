//! The preview of a change, and the one way to say yes to it.

use kubegraf_ipc::{
    Code, Error,
    debug::{DebugTarget, PreviewDebug},
    execution::{ApplyPlan, Consent, DryRun, Permission, Plan, PreviewFix, PreviewRevert},
    terminal::TerminalPlace,
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{dialog::Dialog, diff::Diff, object_link::ObjectLink},
    ipc,
    model::{
        consent::{refusal, rule_name},
        words::{self, sentence},
    },
    state::{dock::Dock, panes::Panes},
};

/// What a preview is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A fix of an incident.
    Fix {
        /// The cluster's id.
        cluster: String,
        /// The incident's id.
        incident: String,
        /// Rank of the fix, from 0.
        fix: u32,
    },
    /// The way back from an execution.
    Revert {
        /// The execution's id.
        execution: String,
    },
    /// A look into a pod or at a node: what it is approved for is a terminal.
    Debug(PreviewDebug),
}

impl Wanted {
    async fn ask(self) -> Result<Plan, Error> {
        match self {
            Self::Fix {
                cluster,
                incident,
                fix,
            } => {
                let request = PreviewFix {
                    cluster,
                    incident,
                    fix,
                };
                ipc::call(request).await
            }
            Self::Revert { execution } => ipc::call(PreviewRevert { execution }).await,
            Self::Debug(request) => ipc::call(request).await,
        }
    }

    /// What the terminal is called that begins it; `None` for what runs without one.
    fn terminal(&self) -> Option<String> {
        match self {
            Self::Debug(PreviewDebug { of, .. }) => Some(match of {
                DebugTarget::Pod { pod, .. } => format!("debug {pod}"),
                DebugTarget::Node { node, .. } => format!("node {node}"),
            }),
            Self::Fix { .. } | Self::Revert { .. } => None,
        }
    }
}

/// Asks for a plan, shows it, and applies it when the user says so.
#[component]
pub fn PlanDialog(
    /// What the plan is for.
    wanted: Wanted,
    /// Called when the dialog is done with.
    on_close: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let plan = RwSignal::new(None::<Result<Plan, Error>>);
    let terminal = StoredValue::new(wanted.terminal());
    let ask = move || {
        plan.set(None);
        let wanted = wanted.clone();
        spawn_local(async move {
            let answer = wanted.ask().await;
            // The dialog may have been closed meanwhile.
            plan.try_set(Some(answer));
        });
    };
    ask();
    let again = StoredValue::new(ask);
    let title = Signal::derive(move || {
        plan.with(|plan| match plan {
            None => "Asking the cluster what would happen …".to_owned(),
            Some(Ok(plan)) => sentence(&plan.title),
            Some(Err(_)) => "There is no preview".into(),
        })
    });
    view! {
        <Dialog title on_close>
            {move || match plan.get() {
                None => view! {
                    <div class="dialog-body" aria-busy="true"><div class="bone"></div></div>
                    <div class="dialog-foot">
                        <span class="dim">"Nothing changes by this."</span>
                        <CloseButton on_close />
                    </div>
                }
                .into_any(),
                Some(Ok(plan)) => view! { <PlanBody plan=plan.clone() /><PlanFoot plan terminal=terminal.get_value() again=move || again.with_value(|ask| ask()) on_close /> }.into_any(),
                Some(Err(error)) => view! {
                    <div class="dialog-body">
                        <p role="alert">{sentence(&error.message)}</p>
                        {error.detail.map(|detail| view! { <pre class="plan-detail">{detail}</pre> })}
                    </div>
                    <div class="dialog-foot">
                        <span class="dim">"Nothing was changed."</span>
                        <button class="button" type="button" on:click=move |_| again.with_value(|ask| ask())>
                            "Try again"
                        </button>
                        <CloseButton on_close />
                    </div>
                }
                .into_any(),
            }}
        </Dialog>
    }
}

/// Everything that must be known before saying yes.
#[component]
fn PlanBody(
    /// The plan.
    plan: Plan,
) -> impl IntoView {
    let dry_run = match plan.dry_run {
        DryRun::Accepted => view! { <p class="plan-check tone-ok">"✓ The server accepts it"</p> }.into_any(),
        DryRun::Refused { message } => {
            view! { <p class="plan-check tone-bad" role="alert">"✗ The server refuses it: " {message}</p> }.into_any()
        }
    };
    let permissions = plan
        .permissions
        .into_iter()
        .map(|permission| view! { <PermissionItem permission /> });
    let radius = plan
        .blast_radius
        .into_iter()
        .map(|text| view! { <li>{text}</li> });
    view! {
        <div class="dialog-body plan">
            <p class="plan-target">
                <ObjectLink object=plan.target />
                <span class="dim">{words::impact(plan.impact)} " · " {words::safety(plan.safety)}</span>
            </p>
            <section>
                <h2>"What changes"</h2>
                <pre class="plan-preview">{plan.preview}</pre>
                <Diff lines=plan.diff />
            </section>
            <section class="plan-facts">
                <div>
                    <h2>"Who is affected"</h2>
                    <ul class="plan-radius">{radius.collect_view()}</ul>
                </div>
                <div>
                    <h2>"Checked with the server"</h2>
                    {dry_run}
                    <ul>{permissions.collect_view()}</ul>
                </div>
            </section>
        </div>
    }
}

/// One permission the plan needs.
#[component]
fn PermissionItem(
    /// The permission.
    permission: Permission,
) -> impl IntoView {
    let (sign, class) = if permission.allowed {
        ("✓ You may ", "plan-check tone-ok")
    } else {
        ("✗ You may not ", "plan-check tone-bad")
    };
    view! { <li class=class data-allowed=permission.allowed.to_string()>{sign} {rule_name(&permission)}</li> }
}

/// The button that applies, and why it cannot where it cannot.
#[component]
fn PlanFoot(
    /// The plan.
    plan: Plan,
    /// What the terminal is called that begins it, if one does.
    terminal: Option<String>,
    /// Asks for a fresh plan.
    again: impl Fn() + Copy + Send + Sync + 'static,
    /// Called when the dialog is done with.
    on_close: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let (dock, panes) = (Dock::expect(), Panes::expect());
    let terminal = StoredValue::new(terminal);
    let typed = RwSignal::new(String::new());
    let sending = RwSignal::new(false);
    let failure = RwSignal::new(None::<Error>);
    let name = plan.cluster_name.clone();
    let demanded = match &plan.consent {
        Consent::Click => None,
        Consent::Type { text } => Some(text.clone()),
    };
    let plan = StoredValue::new(plan);
    let refused = move || plan.with_value(|plan| typed.with(|typed| refusal(plan, typed)));
    let has_demand = demanded.is_some();
    let apply = move |_| {
        if sending.get_untracked() || refused().is_some() {
            return;
        }
        if let Some(title) = terminal.get_value() {
            let plan = plan.get_value();
            let approval = ApplyPlan {
                request_id: ipc::request_id(),
                plan: plan.id,
                hash: plan.hash,
                typed: has_demand.then(|| typed.get_untracked()),
            };
            panes.open_terminal(title, TerminalPlace::Debug { approval });
            return on_close();
        }
        sending.set(true);
        failure.set(None);
        spawn_local(async move {
            let typed = has_demand.then(|| typed.get_untracked());
            let answer = dock.apply(&plan.get_value(), typed).await;
            sending.try_set(false);
            match answer {
                Ok(()) => on_close(),
                Err(error) => drop(failure.try_set(Some(error))),
            }
        });
    };
    let note = move || {
        let failed = failure.get().map(|error| sentence(&error.message));
        failed.or_else(refused).unwrap_or_default()
    };
    let stale =
        move || failure.with(|failure| failure.as_ref().is_some_and(|e| e.code == Code::Conflict));
    view! {
        <div class="dialog-foot">
            {demanded.map(|text| view! {
                <label class="plan-consent">
                    "Type " <code>{text}</code>
                    <input
                        class="input mono"
                        type="text"
                        data-consent
                        autocomplete="off"
                        spellcheck="false"
                        prop:value=move || typed.get()
                        on:input:target=move |event| typed.set(event.target().value())
                    />
                </label>
            })}
            <span class="dim clip" class:tone-bad=move || failure.with(Option::is_some) role="status" title=note>
                {note}
            </span>
            <Show when=stale>
                <button class="button" type="button" on:click=move |_| again()>"Fresh preview"</button>
            </Show>
            <CloseButton on_close />
            <button
                class="button primary"
                type="button"
                data-action="apply"
                disabled=move || sending.get() || refused().is_some()
                on:click=apply
            >
                {move || if sending.get() { "Applying …".to_owned() } else { format!("Apply to {name}") }}
            </button>
        </div>
    }
}

/// Leaves without changing anything.
#[component]
fn CloseButton(
    /// Called when it is pressed.
    on_close: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    view! {
        <button class="button" type="button" data-action="close" on:click=move |_| on_close()>
            "Cancel"
        </button>
    }
}
