//! Asks, once, what closing the window does.

use kubegraf_ipc::{app::Leave, preferences::Closing};
use leptos::prelude::*;

use crate::{components::dialog::Dialog, state::desk::Desk};

/// The question, while it waits for an answer.
#[component]
pub fn ClosingDialog() -> impl IntoView {
    let desk = Desk::expect();
    let stay = move || {
        desk.asked.set(false);
        desk.leave(Leave::Stay);
    };
    view! {
        <Show when=move || desk.asked.get()>
            <Dialog title=Signal::stored("Keep KubeGraf running?".to_owned()) on_close=stay>
                <div class="dialog-body" data-closing>
                    <p>
                        "In the tray it goes on watching your cluster, keeps port-forwards open and tells you on the desktop when something critical breaks."
                    </p>
                    <p class="dim">"Asked once. Settings, Window, changes the answer."</p>
                </div>
                <div class="dialog-foot">
                    <span class="dim"></span>
                    <button
                        class="button"
                        type="button"
                        data-action="closing-quit"
                        on:click=move |_| desk.answer(Closing::Quit)
                    >
                        "Quit"
                    </button>
                    <button
                        class="button primary"
                        type="button"
                        data-action="closing-hide"
                        on:click=move |_| desk.answer(Closing::Hide)
                    >
                        "Keep running in the tray"
                    </button>
                </div>
            </Dialog>
        </Show>
    }
}
