//! The columns of one table as the person has them.

use kubegraf_ipc::{preferences::PreferenceChange, table::KindInfo};
use leptos::prelude::*;

use crate::{
    model::columns::{self, Choice, Shown},
    state::choices::Choices,
};

/// The layout of a kind's table.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// [`KindInfo::id`].
    pub kind: StoredValue<String>,
    /// Every column in order, shown or not.
    pub columns: Memo<Vec<Choice>>,
    /// The columns to draw.
    pub shown: Memo<Vec<Shown>>,
    /// A width while its edge is being dragged.
    drag: RwSignal<Option<(String, u32)>>,
    choices: Choices,
}

impl Layout {
    /// The layout of `kind`, following the preferences.
    #[must_use]
    pub fn of(kind: KindInfo) -> Self {
        let choices = Choices::expect();
        let id = kind.id.clone();
        let drag = RwSignal::new(None::<(String, u32)>);
        let stored = Memo::new(move |_| choices.layout(&id));
        let name = kind.id.clone();
        let columns = Memo::new(move |_| {
            let mut all = stored.with(|layout| columns::choices(&kind, layout.as_ref()));
            if let Some((name, width)) = drag.get() {
                columns::resize(&mut all, &name, Some(width));
            }
            all
        });
        Self {
            kind: StoredValue::new(name),
            columns,
            shown: Memo::new(move |_| columns.with(|all| columns::shown(all))),
            drag,
            choices,
        }
    }

    /// Changes the columns, now and for later.
    pub fn change(self, change: impl FnOnce(&mut Vec<Choice>)) {
        let mut all = self.columns.get_untracked();
        let before = all.clone();
        change(&mut all);
        self.drag.set(None);
        if all != before {
            let layout = self.kind.with_value(|kind| columns::layout(kind, &all));
            self.choices.change(PreferenceChange::Table(layout));
        }
    }

    /// Shows a width that is being dragged.
    pub fn drag(self, name: &str, width: u32) {
        self.drag.set(Some((name.to_owned(), width)));
    }

    /// Keeps the width that was dragged.
    pub fn drop_drag(self) {
        let Some((name, width)) = self.drag.get_untracked() else {
            return;
        };
        let mut all = self.columns.get_untracked();
        columns::resize(&mut all, &name, Some(width));
        let layout = self.kind.with_value(|kind| columns::layout(kind, &all));
        self.choices.change(PreferenceChange::Table(layout));
        self.drag.set(None);
    }
}
