//! What a person does about an incident besides fixing it: acknowledge, snooze, say what was right, take it away
//! as Markdown.

use kubegraf_ipc::{
    age::human_duration,
    incident::{IncidentRow, IncidentState},
    lifecycle::{AcknowledgeIncident, ExportIncident, SnoozeIncident},
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{
        feedback::FeedbackDialog,
        icon::{Glyph, Icon},
        menu::Menu,
    },
    ipc,
    state::{clock::Clock, toasts::Toasts},
};

/// How long an incident can be kept quiet.
const PAUSES: [(&str, u32); 4] = [
    ("1 hour", 3_600),
    ("4 hours", 14_400),
    ("1 day", 86_400),
    ("1 week", 604_800),
];

/// The buttons beside an incident's title.
#[component]
pub fn IncidentDeeds(
    /// The cluster's id.
    cluster: String,
    /// The incident.
    row: IncidentRow,
) -> impl IntoView {
    let toasts = Toasts::expect();
    let clock = Clock::expect();
    let (cluster, id) = (StoredValue::new(cluster), StoredValue::new(row.id.clone()));
    let over = row.state == IncidentState::Resolved;
    let attention = row.attention;
    let acknowledged = attention.acknowledged_at.is_some();
    let saying = RwSignal::new(false);
    let open = RwSignal::new(false);
    let acknowledge = move |_| {
        spawn_local(async move {
            let request = AcknowledgeIncident {
                request_id: ipc::request_id(),
                cluster: cluster.get_value(),
                id: id.get_value(),
                acknowledged: !acknowledged,
            };
            if let Err(error) = ipc::call(request).await {
                toasts.complain("acknowledging the incident", &error);
            }
        });
    };
    let snooze = move |seconds: u32| {
        open.set(false);
        spawn_local(async move {
            let request = SnoozeIncident {
                request_id: ipc::request_id(),
                cluster: cluster.get_value(),
                id: id.get_value(),
                seconds,
            };
            match ipc::call(request).await {
                Ok(()) if seconds > 0 => toasts
                    .say("Snoozed: it leaves the list until then, unless it becomes more severe."),
                Ok(()) => {}
                Err(error) => toasts.complain("snoozing the incident", &error),
            }
        });
    };
    let export = move |_| {
        spawn_local(async move {
            let request = ExportIncident {
                cluster: cluster.get_value(),
                id: id.get_value(),
            };
            match ipc::call(request).await {
                Ok(written) => toasts.say(format!("Written to {}.", written.path)),
                Err(error) => toasts.complain("exporting the incident", &error),
            }
        });
    };
    let until = attention.snoozed_until;
    let asleep = move || until.filter(|until| *until > clock.now());
    let note = {
        let (at, by) = (attention.acknowledged_at, attention.acknowledged_by);
        move || {
            let seen = at.map(|at| {
                let by = by.clone().map(|by| format!(" by {by}")).unwrap_or_default();
                format!(
                    "acknowledged{by} {} ago",
                    human_duration((clock.now() - at).max(0))
                )
            });
            let quiet = asleep()
                .map(|until| format!("snoozed for {}", human_duration(until - clock.now())));
            let parts: Vec<String> = seen.into_iter().chain(quiet).collect();
            (!parts.is_empty()).then(|| parts.join(" · "))
        }
    };
    let button = view! {
        "Snooze"
        <Glyph icon=Icon::Down size=14 />
    };
    let wakes = move || asleep().is_some();
    view! {
        <div class="deeds">
            {(!over).then(|| view! {
                <button
                    class="button small"
                    type="button"
                    data-action="acknowledge"
                    aria-pressed=acknowledged.to_string()
                    title="Repeated notifications stop; nothing else does"
                    on:click=acknowledge
                >
                    {if acknowledged { "Take acknowledgement back" } else { "Acknowledge" }}
                </button>
                <Menu open label="Snooze" class="button small" button=button.into_any() role="menu">
                    {PAUSES.map(|(title, seconds)| view! {
                        <button
                            class="menu-item"
                            type="button"
                            role="menuitem"
                            data-snooze=seconds
                            on:click=move |_| snooze(seconds)
                        >
                            {format!("For {title}")}
                        </button>
                    }).into_iter().collect_view()}
                    {wakes().then(|| view! {
                        <button class="menu-item" type="button" role="menuitem" data-snooze="0" on:click=move |_| snooze(0)>
                            "Wake it now"
                        </button>
                    })}
                </Menu>
            })}
            <button class="button small" type="button" data-action="feedback" on:click=move |_| saying.set(true)>
                "Feedback…"
            </button>
            <button
                class="button small"
                type="button"
                data-action="export-incident"
                title="Writes it as Markdown to the downloads folder"
                on:click=export
            >
                "Export"
            </button>
            <span class="dim number" data-attention>{note}</span>
        </div>
        <Show when=move || saying.get()>
            <FeedbackDialog
                cluster=cluster.get_value()
                id=id.get_value()
                on_close=move || saying.set(false)
            />
        </Show>
    }
}
