//! The table itself: any number of rows, about fifty of them in the DOM.

use kubegraf_ipc::table::Row;
use leptos::{ev, html, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};

use crate::{
    components::{
        grid_head::GridHead,
        grid_row::{GridRow, Slot, tell_titles},
        marking::{self, Copied},
    },
    model::{
        columns::template,
        keys::{Act, Place},
        marks::Marks,
        moves,
        slots::{Shows, Slots},
        viewport,
    },
    state::{clock::Clock, layout::Layout, shortcuts::Shortcuts, table::Table, toasts::Toasts},
};

/// Height of the head in CSS px; the rows scroll beneath it.
const HEAD: f64 = 28.0;

/// A virtual grid over a table.
#[component]
pub fn Grid(
    /// The table.
    table: Table,
    /// What the grid is called.
    title: String,
    /// Its columns.
    layout: Layout,
    /// What Enter and a double click on a row do.
    on_open: Callback<Row>,
    /// What "l" does.
    on_logs: Callback<Row>,
    /// What "s" does.
    on_shell: Callback<Row>,
    /// The scrolling element, for who wants to focus it.
    grid: NodeRef<html::Div>,
) -> impl IntoView {
    let toasts = Toasts::expect();
    let shortcuts = Shortcuts::expect();
    let clock = Clock::expect();
    let columns = layout.shown;
    let top = RwSignal::new(0.0);
    let height = RwSignal::new(0.0);
    measure(grid, height);

    let matched = Memo::new(move |_| {
        table
            .head
            .with(|head| head.as_ref().map_or(0, |h| h.matched))
    });
    let visible = Memo::new(move |_| viewport::visible(top.get(), height.get(), matched.get()));
    Effect::new(move |_| {
        let (visible, total) = (visible.get(), matched.get());
        let asked = table.view.with_untracked(|view| (view.offset, view.count));
        if viewport::must_refill(asked, &visible, total) {
            let (offset, count) = viewport::wanted(&visible);
            table.ask(|view| (view.offset, view.count) = (offset, count));
        }
    });
    let order_of = move || {
        table
            .view
            .with(|view| (view.filter.clone(), view.facet.clone(), view.sort.clone()))
    };
    Effect::new(move |before: Option<_>| {
        let now = order_of();
        if before.is_some_and(|before| before != now)
            && let Some(grid) = grid.get_untracked()
        {
            grid.set_scroll_top(0);
        }
        now
    });

    let drawn = Memo::new(move |_| {
        let range = viewport::drawn(&visible.get(), matched.get());
        let offset = table
            .head
            .with(|head| head.as_ref().map_or(0, |head| head.offset));
        table.order.with(|order| {
            let shows = |index: u64| {
                let place = index.checked_sub(offset);
                let place = place.and_then(|place| usize::try_from(place).ok());
                match place.and_then(|place| order.get(place)) {
                    Some(uid) => Shows::Row {
                        uid: uid.clone(),
                        index,
                    },
                    None => Shows::Bones { index },
                }
            };
            range.map(shows).collect::<Vec<_>>()
        })
    });
    let slots = RwSignal::new(Vec::<Slot>::new());
    Effect::new(move |before: Option<Slots>| {
        let mut assigned = before.unwrap_or_default();
        let mut new = Vec::new();
        slots.with_untracked(|slots| {
            for (number, shows) in assigned.assign(drawn.get()) {
                match slots.get(number) {
                    Some(slot) => slot.show(&shows, table),
                    None => {
                        let slot = Slot::default();
                        slot.show(&shows, table);
                        new.push(slot);
                    }
                }
            }
        });
        if !new.is_empty() {
            slots.update(|slots| slots.append(&mut new));
        }
        assigned
    });

    let reveal = move |index: u64| {
        let grid = grid.get_untracked();
        let target = viewport::scroll_to(index, top.get_untracked(), height.get_untracked());
        if let (Some(grid), Some(target)) = (grid, target) {
            grid.set_scroll_top(whole(target));
        }
    };
    let current = move || {
        let selected = table.selected.get_untracked();
        selected.and_then(|selected| selected.index)
    };
    let keys = move |event: ev::KeyboardEvent| {
        let own = event.target() == event.current_target();
        let act = shortcuts.act(Place::Table, &event);
        if act == Some(Act::MarkAll) {
            event.prevent_default();
            marking::mark_all(table, toasts);
            return;
        }
        if !own {
            return;
        }
        let held = event.ctrl_key() || event.meta_key() || event.alt_key();
        let key = event.key();
        let moves = match act {
            Some(Act::Next) => "ArrowDown",
            Some(Act::Previous) => "ArrowUp",
            Some(Act::First) => "Home",
            Some(Act::Last) => "End",
            None if !held => key.as_str(),
            _ => "",
        };
        let page = visible.with_untracked(|visible| visible.end.saturating_sub(visible.start + 1));
        if let Some(index) = moves::moved(moves, current(), matched.get_untracked(), page) {
            event.prevent_default();
            table.select(index);
            reveal(index);
            if event.shift_key() && key.starts_with("Arrow") {
                marking::mark_to(table, index, toasts);
            }
            return;
        }
        let row = || current().and_then(|index| table.row_at(index));
        match (act, key.as_str()) {
            (Some(Act::Mark), _) => {
                event.prevent_default();
                if let Some(index) = current() {
                    table.mark(index);
                }
            }
            (Some(Act::Logs), _) => {
                if let Some(row) = row() {
                    on_logs.run(row);
                }
            }
            (Some(Act::Shell), _) => {
                if let Some(row) = row() {
                    on_shell.run(row);
                }
            }
            (Some(Act::CopyNames), _) => marking::copy(table, layout, Copied::Names, toasts),
            (Some(Act::CopyRows), _) => marking::copy(table, layout, Copied::Rows, toasts),
            (None, "Escape") if !table.marks.with_untracked(Marks::is_empty) => {
                table.marks.update(Marks::clear);
            }
            (None, "Escape") => table.selected.set(None),
            (None, "Enter") if !held => {
                if let Some(row) = row() {
                    on_open.run(row);
                }
            }
            _ => {}
        }
    };
    let tracks = Memo::new(move |_| columns.with(|columns| template(columns)));
    let active = move || {
        let uid = table.selected.get()?.uid?;
        drawn
            .with(|shows| shows.iter().any(|shows| shows.uid() == Some(&uid)))
            .then(|| format!("row-{uid}"))
    };
    view! {
        <div
            class="grid"
            role="grid"
            aria-multiselectable="true"
            tabindex="0"
            node_ref=grid
            aria-label=title
            aria-rowcount=move || matched.get()
            aria-colcount=move || columns.with(Vec::len)
            aria-activedescendant=active
            aria-busy=move || (drawn.with(|shows| shows.iter().any(Shows::is_bones))).to_string()
            style:--tracks=move || tracks.get().0
            style:--least=move || format!("{}px", tracks.get().1)
            on:scroll:target=move |event| top.set(f64::from(event.target().scroll_top()))
            on:keydown=keys
            on:pointerover=tell_titles(table, columns.into())
        >
            <GridHead table layout />
            <div class="grid-body" role="rowgroup" style:height=move || pixels(matched.get())>
                <For each=move || slots.get().into_iter().enumerate() key=|(number, _)| *number let((_, row_slot))>
                    <GridRow table row_slot columns clock on_open />
                </For>
            </div>
        </div>
    }
}

/// The height of `rows` rows, as CSS.
#[must_use]
pub fn pixels(rows: u64) -> String {
    format!("{}px", rows * 28)
}

/// Keeps `height` at the height the rows have in the grid.
fn measure(grid: NodeRef<html::Div>, height: RwSignal<f64>) {
    Effect::new(move |_| {
        let Some(element) = grid.get() else { return };
        let measured = element.clone();
        let read = move || {
            height.try_set((f64::from(measured.client_height()) - HEAD).max(0.0));
        };
        read();
        let on_resize = Closure::<dyn FnMut()>::new(read).into_js_value();
        // Every engine the app runs on has ResizeObserver; without it the first measure stays.
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
    reason = "scroll offsets are whole and far below 2^31"
)]
fn whole(offset: f64) -> i32 {
    offset.round() as i32
}
