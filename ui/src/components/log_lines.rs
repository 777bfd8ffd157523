//! The lines of a log: any number of them, a screenful and a margin in the DOM.

use kubegraf_ipc::logs::{LogLine, LogPlace, LogSource, LogState};
use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

use crate::{
    model::{
        logs::{self, LINE},
        words::{grouped, plural},
    },
    state::logs::Log,
};

/// What is drawn of a log.
#[component]
pub fn LogLines(
    /// The log.
    log: Log,
    /// Whether long lines are broken.
    wrap: RwSignal<bool>,
    /// Whether times are shown.
    times: RwSignal<bool>,
) -> impl IntoView {
    let scroller = NodeRef::<html::Div>::new();
    let height = RwSignal::new(0.0);
    measure(scroller, height);
    let head = move || log.head.get().unwrap_or_default();
    let bounds = Memo::new(move |_| {
        let head = head();
        (head.first, head.end, head.start)
    });
    // Lines that were there when the newest were left behind.
    let seen = RwSignal::new(None::<u64>);

    let ask = move |top: f64, height: f64| {
        let (first, end, start) = bounds.get_untracked();
        let shown = start + log.lines.with_untracked(Vec::len) as u64;
        if !logs::covers((start, shown), top, height, first, end) {
            let (number, count) = logs::wanted(top, height, first);
            log.ask(|view| (view.place, view.count) = (LogPlace::Line { number }, count));
        }
    };
    let scrolled = move |_| {
        let Some(element) = scroller.get_untracked() else {
            return;
        };
        let top = f64::from(element.scroll_top());
        let at_end = element.scroll_top() + element.client_height() >= element.scroll_height() - 9;
        let follows = untrack(|| log.follows());
        if at_end && !follows && !wrap.get_untracked() {
            seen.set(None);
            log.ask(|view| view.place = LogPlace::End);
        } else if !at_end {
            if follows {
                seen.set(Some(bounds.get_untracked().1));
                let start = bounds.get_untracked().2;
                log.ask(|view| view.place = LogPlace::Line { number: start });
            }
            if !wrap.get_untracked() {
                ask(top, height.get_untracked());
            }
        }
    };
    // The screen has as many lines as fit.
    Effect::new(move |_| {
        let (_, count) = logs::wanted(0.0, height.get(), 0);
        if log.view.with_untracked(|view| view.count < count) {
            log.ask(|view| view.count = count);
        }
    });
    // With the newest lines, the end stays in view; otherwise what is read stays where it is.
    Effect::new(move |before: Option<u64>| {
        let (first, ..) = bounds.get();
        log.lines.track();
        wrap.track();
        if log.follows() {
            seen.set(None);
            request_animation_frame(move || {
                if let Some(element) = scroller.try_get_untracked().flatten() {
                    element.set_scroll_top(element.scroll_height());
                }
            });
        } else if let (Some(before), Some(element)) = (before, scroller.get_untracked())
            && first != before
        {
            // Lines went at the beginning, or older ones were found.
            let by = whole(logs::offset(first, before)) - whole(logs::offset(before, first));
            element.set_scroll_top(element.scroll_top() - by);
        }
        first
    });
    // A line that was found is brought into view.
    Effect::new(move |_| {
        let place = log.view.with(|view| view.place);
        let LogPlace::Line { number } = place else {
            return;
        };
        let Some(element) = scroller.get_untracked() else {
            return;
        };
        let (first, ..) = bounds.get_untracked();
        let (top, to) = (f64::from(element.scroll_top()), logs::offset(number, first));
        if to > top + height.get_untracked() || to + 80.0 * LINE < top {
            element.set_scroll_top(whole(to));
        }
    });

    let rest = move || {
        let (first, end, start) = bounds.get();
        if wrap.get() {
            return (0.0, 0.0);
        }
        (logs::offset(start, first), logs::offset(end, first))
    };
    let behind = move || {
        let end = bounds.get().1;
        seen.get().map_or(0, |seen| end.saturating_sub(seen))
    };
    let many = Memo::new(move |_| log.sources.with(|sources| sources.len() > 1));
    let turn = move |by: i64| {
        let (first, end, start) = bounds.get_untracked();
        let number = start
            .saturating_add_signed(by)
            .clamp(first, end.saturating_sub(1));
        seen.set(None);
        log.ask(|view| view.place = LogPlace::Line { number });
    };
    view! {
        <div class="log-place">
            <div
                class="log-scroller"
                role="log"
                aria-live="off"
                aria-label="Log lines"
                tabindex="0"
                node_ref=scroller
                data-wrap=move || wrap.get().to_string()
                data-first=move || bounds.get().0
                data-end=move || bounds.get().1
                on:scroll=scrolled
            >
                <Show when=move || wrap.get() && (bounds.get().2 > bounds.get().0)>
                    <button class="button small log-turn" type="button" on:click=move |_| turn(-100)>"Earlier lines"</button>
                </Show>
                <div class="log-body" style:height=move || (!wrap.get()).then(|| format!("{}px", rest().1))>
                    <div class="log-slice" style:transform=move || format!("translateY({}px)", rest().0)>
                        <For each=move || log.lines.get() key=logs::look let:line>
                            <OneLine line sources=log.sources many times />
                        </For>
                    </div>
                </div>
                <Show when=move || wrap.get() && !log.follows()>
                    <button class="button small log-turn" type="button" on:click=move |_| turn(100)>"Later lines"</button>
                </Show>
            </div>
            <Nothing log />
            <Show when=move || { behind() > 0 }>
                <button class="chip log-new" type="button" data-action="newest" on:click=move |_| log.ask(|view| view.place = LogPlace::End)>
                    {move || format!("{} new", grouped(behind()))}
                </button>
            </Show>
        </div>
    }
}

/// One line.
#[component]
fn OneLine(
    /// The line.
    line: LogLine,
    /// All sources, to call its own by name.
    sources: RwSignal<Vec<LogSource>>,
    /// Whether there are several.
    many: Memo<bool>,
    /// Whether times are shown.
    times: RwSignal<bool>,
) -> impl IntoView {
    let LogLine {
        source,
        at,
        level,
        remark,
        hit,
        parts,
        more,
        ..
    } = line;
    let label = move || {
        sources.with(|all| {
            let own = all.iter().find(|told| told.id == source);
            own.map_or_else(String::new, |own| logs::label(own, all))
        })
    };
    let clock = clock(at);
    let parts = parts.into_iter().map(|part| {
        let mut class = logs::role(part.role).to_owned();
        if let Some(color) = part.color {
            class.push_str(&format!("ansi-{color} "));
        }
        if part.bold {
            class.push_str("ansi-bold ");
        }
        if part.hit {
            return view! { <mark class=class>{part.text}</mark> }.into_any();
        }
        if class.is_empty() {
            return part.text.into_any();
        }
        view! { <span class=class>{part.text}</span> }.into_any()
    });
    view! {
        <div
            class="log-line"
            data-line
            data-level=level.map(logs::level)
            data-remark=remark.then_some("true")
            data-hit=hit.then_some("true")
            style:--hue=logs::hue(source).to_string()
        >
            <Show when=move || times.get()>
                <span class="log-time">{clock.clone()}</span>
            </Show>
            <Show when=move || many.get()>
                <span class="log-source" title=label>{label}</span>
            </Show>
            <span class="log-text">
                {parts.collect_view()}
                {(more > 0).then(|| view! { <span class="log-more">{format!(" … {} more", plural(more, "byte"))}</span> })}
            </span>
        </div>
    }
}

/// Says why there are no lines.
#[component]
fn Nothing(
    /// The log.
    log: Log,
) -> impl IntoView {
    let reason = Memo::new(move |_| {
        let failure = log
            .failure
            .with(|error| error.as_ref().map(|e| e.message.clone()));
        log.head.with(|head| match head {
            None => Some(failure.unwrap_or_else(|| "Opening the log".into())),
            Some(head) if head.end > head.first => None,
            Some(head) if head.unsearched > 0 => None,
            Some(head) if head.held > 0 => Some("No line matches.".into()),
            Some(head) => Some(head.failure.clone().map_or_else(
                || log.sources.with(|sources| silence(sources)),
                |failure| crate::model::words::sentence(&failure),
            )),
        })
    });
    view! {
        <Show when=move || reason.with(Option::is_some)>
            <p class="log-nothing" role="status">{move || reason.get()}</p>
        </Show>
    }
}

/// Why containers that were found say nothing.
fn silence(sources: &[LogSource]) -> String {
    let told = sources.iter().find_map(|source| match &source.state {
        LogState::Waiting { .. } | LogState::Broken { .. } | LogState::Failed { .. } => {
            Some(format!(
                "{}/{} {}",
                source.pod,
                source.container,
                logs::state(&source.state)
            ))
        }
        LogState::Opening | LogState::Following | LogState::Ended => None,
    });
    told.unwrap_or_else(|| "Nothing has been written yet.".into())
}

/// The time of day on this machine.
#[allow(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 fit a float"
)]
fn clock(at: i64) -> String {
    let date = js_sys::Date::new(&JsValue::from_f64(at as f64));
    format!(
        "{:02}:{:02}:{:02}.{:03}",
        date.get_hours(),
        date.get_minutes(),
        date.get_seconds(),
        date.get_milliseconds()
    )
}

/// Keeps `height` at the height lines have room in.
fn measure(scroller: NodeRef<html::Div>, height: RwSignal<f64>) {
    Effect::new(move |_| {
        let Some(element) = scroller.get() else {
            return;
        };
        let measured = element.clone();
        let read = move || {
            height.try_set(f64::from(measured.client_height()));
        };
        read();
        let on_resize = Closure::<dyn FnMut()>::new(read).into_js_value();
        if let Ok(observer) = web_sys::ResizeObserver::new(on_resize.unchecked_ref()) {
            observer.observe(&element);
            let observer = StoredValue::new_local(observer);
            on_cleanup(move || {
                observer.try_with_value(web_sys::ResizeObserver::disconnect);
            });
        }
    });
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "scroll offsets are whole and below 2^31"
)]
fn whole(offset: f64) -> i32 {
    offset.round() as i32
}
