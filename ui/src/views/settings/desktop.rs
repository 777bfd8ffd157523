//! What the window does to the desktop: closing, alerts, scans in the background.

use kubegraf_ipc::{
    notice::NoticeSource,
    preferences::{Closing, PreferenceChange},
};
use leptos::prelude::*;

use super::{Check, Choice, Part, updates::AutostartLine};
use crate::state::choices::Choices;

/// What closing does.
#[component]
pub fn WindowPart() -> impl IntoView {
    let choices = Choices::expect();
    let closing = Memo::new(move |_| choices.all.with(|all| all.closing));
    let answers = [
        ("Ask once", Closing::Ask),
        ("Keep running in the tray", Closing::Hide),
        ("Quit", Closing::Quit),
    ];
    view! {
        <Part title="Window">
            <div class="setting-line" role="radiogroup" aria-label="Closing the window">
                <span>"Closing the window"</span>
                <span class="options">
                    {answers.map(|(title, value)| view! {
                        <Choice
                            title
                            on=Signal::derive(move || closing.get() == value)
                            change=PreferenceChange::Closing(value)
                        />
                    }).into_iter().collect_view()}
                </span>
            </div>
            <AutostartLine />
            <p class="dim">"Where the desktop shows no tray, closing always quits."</p>
        </Part>
    }
}

/// What is told on the desktop, and whether the engine works.
#[component]
pub fn AlertsPart() -> impl IntoView {
    let choices = Choices::expect();
    let sources = [
        (
            "Incidents",
            NoticeSource::Incident,
            "when something critical breaks",
        ),
        (
            "Changes",
            NoticeSource::Execution,
            "when a change of the cluster has ended",
        ),
        (
            "Clusters",
            NoticeSource::Cluster,
            "when a switch to a cluster fails",
        ),
        (
            "Everything else",
            NoticeSource::Command,
            "when something that was asked for fails",
        ),
    ];
    let paused = Signal::derive(move || choices.all.with(|all| all.scans_paused));
    view! {
        <Part title="Notifications">
            <p class="dim">
                "The bell keeps everything. This is what is also told on the desktop while the window is hidden or minimised."
            </p>
            {sources.map(|(title, source, text)| {
                let on = Signal::derive(move || {
                    choices.all.with(|all| all.alerts.contains(&source))
                });
                view! {
                    <div class="setting-line">
                        <span>{title}</span>
                        <Check
                            on
                            text
                            change=move |on| PreferenceChange::Alert { source, on }
                        />
                    </div>
                }
            }).into_iter().collect_view()}
            <div class="setting-line">
                <span>"Background scans"</span>
                <Check
                    on=paused
                    text="paused: incidents stay as they are until scans go on"
                    change=PreferenceChange::ScansPaused
                />
            </div>
        </Part>
    }
}
