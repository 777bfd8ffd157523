//! CPU and memory over the last hour, as far as it was watched.

use kubegraf_ipc::{
    age::human_duration,
    overview::{Overview, Resource, Usage, UsageSample},
};
use leptos::prelude::*;

use crate::model::{
    figures::{amount, line, resource},
    words::sentence,
};

/// The drawing's box in its own units.
const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 56.0;

/// Two lines, or why there are none.
#[component]
pub fn UsageChart(
    /// The overview.
    overview: RwSignal<Option<Overview>>,
) -> impl IntoView {
    let usage = Memo::new(move |_| overview.with(|o| o.as_ref().map(|o| o.usage.clone())));
    let there = Memo::new(move |_| {
        let of = |kind: Resource| {
            overview.with(|o| {
                let all = &o.as_ref()?.capacity;
                Some(all.iter().find(|one| one.resource == kind)?.allocatable)
            })
        };
        (
            of(Resource::Cpu).unwrap_or(0),
            of(Resource::Memory).unwrap_or(0),
        )
    });
    view! {
        <div class="card-body">
            {move || match usage.get() {
                None | Some(Usage::Waiting) => view! {
                    <div class="card-wait"><span class="bone"></span><span class="bone"></span></div>
                }
                .into_any(),
                Some(Usage::Unmeasured { reason }) => view! {
                    <p class="usage-none dim">
                        "Nothing measures usage here: "
                        {sentence(&reason)}
                        ". Requests and limits are shown without it."
                    </p>
                }
                .into_any(),
                Some(Usage::Measured { samples }) => {
                    let (cpu, memory) = there.get();
                    let first = samples.first().map_or(0, |sample| sample.at);
                    let last = samples.last().map_or(0, |sample| sample.at);
                    let note = if samples.len() < 2 {
                        "Measured every 15 s; the line begins with the second measurement.".to_owned()
                    } else {
                        format!("Last {}, as far as it was watched.", human_duration(last - first))
                    };
                    view! {
                        <Line kind=Resource::Cpu samples=samples.clone() of=cpu read=|sample| sample.cpu />
                        <Line kind=Resource::Memory samples of=memory read=|sample| sample.memory />
                        <p class="dim usage-note">{note}</p>
                    }
                    .into_any()
                }
            }}
        </div>
    }
}

/// One resource over time, its top being what there is.
#[component]
fn Line(
    /// Which.
    kind: Resource,
    /// What was measured.
    samples: Vec<UsageSample>,
    /// What there is.
    of: u64,
    /// The figure of a sample.
    read: fn(&UsageSample) -> u64,
) -> impl IntoView {
    let values: Vec<(i64, u64)> = samples
        .iter()
        .map(|sample| (sample.at, read(sample)))
        .collect();
    let now = values.last().map_or(0, |(_, value)| *value);
    let peak = values.iter().map(|(_, value)| *value).max().unwrap_or(0);
    // Scaled to the peak with room above: the bars beside it show the share of the whole.
    let most = (peak + peak / 4).max(1);
    let span = (
        values.first().map_or(0, |(at, _)| *at),
        values.last().map_or(0, |(at, _)| *at),
    );
    let points = line(&values, span, most, WIDTH, HEIGHT);
    let area = if points.is_empty() {
        String::new()
    } else {
        format!("0,{HEIGHT} {points} {WIDTH},{HEIGHT}")
    };
    let spoken = format!(
        "{}: {} of {}, at most {}",
        resource(kind),
        amount(kind, now),
        amount(kind, of),
        amount(kind, peak)
    );
    view! {
        <div class="usage-line" role="img" aria-label=spoken.clone() title=spoken>
            <div class="usage-figure">
                <span class="dim">{resource(kind)}</span>
                <strong class="number">{amount(kind, now)}</strong>
                <span class="dim number">{format!("peak {}", amount(kind, peak))}</span>
            </div>
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") preserveAspectRatio="none" aria-hidden="true">
                <polygon class="usage-area" points=area></polygon>
                <polyline class="usage-stroke" points=points></polyline>
            </svg>
        </div>
    }
}
