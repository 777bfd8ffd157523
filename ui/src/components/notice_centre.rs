//! The notification centre: what happened, unread first to the eye, each leading to where it happened.

use kubegraf_ipc::{
    age::human_duration,
    notice::{Notice, NoticeLevel},
    object::Tone,
};
use leptos::prelude::*;

use crate::{
    components::{
        icon::{Glyph, Icon},
        mark::ToneMark,
        menu::Menu,
    },
    model::words::{grouped, plural},
    state::{clock::Clock, notices::Notices},
};

/// Which notices are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// Every one.
    All,
    /// Those nobody has seen.
    Unread,
    /// Those somebody has.
    Read,
}

impl Shown {
    const LIST: [Self; 3] = [Self::All, Self::Unread, Self::Read];

    const fn title(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Unread => "Unread",
            Self::Read => "Read",
        }
    }

    const fn holds(self, notice: &Notice) -> bool {
        match self {
            Self::All => true,
            Self::Unread => !notice.read,
            Self::Read => notice.read,
        }
    }
}

/// The bell and what it opens.
#[component]
pub fn NoticeCentre() -> impl IntoView {
    let notices = Notices::expect();
    let open = RwSignal::new(false);
    let shown = RwSignal::new(Shown::All);
    let unread = Memo::new(move |_| notices.list.with(|list| list.unread));
    let total = Memo::new(move |_| notices.list.with(|list| list.total));
    let found = Memo::new(move |_| {
        notices.list.with(|list| {
            let all = list.notices.iter();
            let found = all.filter(|notice| shown.get().holds(notice));
            found.cloned().collect::<Vec<_>>()
        })
    });
    let label = Signal::derive(move || match unread.get() {
        0 => "Notifications".to_owned(),
        unread => format!("Notifications, {unread} unread"),
    });
    let badge = move || match unread.get() {
        0 => None,
        unread @ 1..100 => Some(unread.to_string()),
        _ => Some("99+".to_owned()),
    };
    let button = view! {
        <Glyph icon=Icon::Bell />
        {move || badge().map(|badge| view! {
            <span class="bell-badge number" data-unread=badge aria-hidden="true">{badge.clone()}</span>
        })}
    };
    view! {
        <Menu open label class="icon-button bell" button=button.into_any() role="dialog" at_right=true>
            <div class="notices" data-notices>
                <div class="notices-head">
                    <h2>"Notifications"</h2>
                    <button
                        class="button small"
                        type="button"
                        data-action="read-all"
                        disabled=move || unread.get() == 0
                        on:click=move |_| notices.mark(Vec::new(), true)
                    >
                        "Mark all read"
                    </button>
                    <button
                        class="button small"
                        type="button"
                        data-action="delete-read"
                        disabled=move || total.get() == unread.get()
                        on:click=move |_| notices.delete(Vec::new())
                    >
                        "Delete read"
                    </button>
                </div>
                <div class="notices-filter" role="group" aria-label="Show only">
                    {Shown::LIST.map(|own| {
                        let count = move || match own {
                            Shown::All => total.get(),
                            Shown::Unread => unread.get(),
                            Shown::Read => total.get() - unread.get(),
                        };
                        view! {
                            <button
                                class="chip"
                                type="button"
                                data-shown=own.title()
                                aria-pressed=move || (shown.get() == own).to_string()
                                on:click=move |_| shown.set(own)
                            >
                                {own.title()}
                                " "
                                <span class="number">{move || grouped(count().into())}</span>
                            </button>
                        }
                    }).into_iter().collect_view()}
                </div>
                <ul class="notices-list">
                    <For each=move || found.get() key=|notice| (notice.id, notice.read) let:notice>
                        <NoticeLine notice open />
                    </For>
                </ul>
                <Show when=move || found.with(Vec::is_empty)>
                    <p class="menu-note">
                        {move || match shown.get() {
                            Shown::All => "Nothing has happened. Grave incidents, switches, changes and failures are told here.",
                            Shown::Unread => "Everything is read.",
                            Shown::Read => "Nothing is read yet.",
                        }}
                    </p>
                </Show>
                {move || {
                    let older = u64::from(total.get()).saturating_sub(notices.list.with(|list| list.notices.len() as u64));
                    (older > 0).then(|| view! {
                        <p class="menu-note">{format!("and {} older", plural(older, "notification"))}</p>
                    })
                }}
            </div>
        </Menu>
    }
}

/// One notice.
#[component]
fn NoticeLine(
    /// It.
    notice: Notice,
    /// Closed when it is followed.
    open: RwSignal<bool>,
) -> impl IntoView {
    let notices = Notices::expect();
    let clock = Clock::expect();
    let Notice {
        id,
        at,
        level,
        cluster,
        title,
        detail,
        route,
        read,
        ..
    } = notice;
    let tone = match level {
        NoticeLevel::Success => Tone::Ok,
        NoticeLevel::Info => Tone::Pending,
        NoticeLevel::Warning => Tone::Warn,
        NoticeLevel::Error => Tone::Bad,
    };
    let word = match level {
        NoticeLevel::Success => "success",
        NoticeLevel::Info => "info",
        NoticeLevel::Warning => "warning",
        NoticeLevel::Error => "error",
    };
    let follow = move |_| {
        notices.mark(vec![id], true);
        open.set(false);
    };
    let text = match route {
        Some(route) => {
            view! { <a class="notice-title" href=route on:click=follow>{title}</a> }.into_any()
        }
        None => view! { <span class="notice-title selectable">{title}</span> }.into_any(),
    };
    let place = (!cluster.is_empty()).then(|| format!("{cluster} · "));
    view! {
        <li class="notice-line" class:notice-unread=!read data-notice=id data-level=word>
            <ToneMark tone />
            <span class="hidden-visually">{word}</span>
            <div class="notice-text">
                {text}
                <span class="dim number" data-at=at>
                    {place}
                    {move || format!("{} ago", human_duration((clock.now() - at).max(0)))}
                </span>
                {detail.map(|detail| view! {
                    <details>
                        <summary class="dim">"Details"</summary>
                        <pre>{detail}</pre>
                    </details>
                })}
            </div>
            <button
                class="icon-button small"
                type="button"
                aria-label=if read { "Mark unread" } else { "Mark read" }
                title=if read { "Mark unread" } else { "Mark read" }
                data-action="mark"
                on:click=move |_| notices.mark(vec![id], !read)
            >
                <Glyph icon=if read { Icon::Revert } else { Icon::Check } size=14 />
            </button>
            <button
                class="icon-button small"
                type="button"
                aria-label="Delete"
                title="Delete"
                data-action="delete"
                on:click=move |_| notices.delete(vec![id])
            >
                <Glyph icon=Icon::Close size=14 />
            </button>
        </li>
    }
}
