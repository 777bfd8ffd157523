//! Amounts as a person reads them: cores, bytes, shares.

use kubegraf_ipc::{
    object::Tone,
    overview::{Counts, Loss, LossReason, Resource},
};

use crate::{
    model::words::{grouped, plural},
    route::Route,
};

/// An amount of a resource with its unit: `3.5 cores`, `12.4 GiB`, `110`.
#[must_use]
pub fn amount(resource: Resource, value: u64) -> String {
    match resource {
        Resource::Cpu => match value {
            0 => "0".into(),
            1..1_000 => format!("{value}m"),
            _ => format!("{} cores", tenths(value, 1_000)),
        },
        Resource::Memory => bytes(value),
        Resource::Pods => grouped(value),
    }
}

/// What a resource is called.
#[must_use]
pub const fn resource(resource: Resource) -> &'static str {
    match resource {
        Resource::Cpu => "CPU",
        Resource::Memory => "Memory",
        Resource::Pods => "Pods",
    }
}

/// `12.4 GiB`.
#[must_use]
pub fn bytes(value: u64) -> String {
    const UNITS: [(&str, u64); 4] = [
        ("TiB", 1 << 40),
        ("GiB", 1 << 30),
        ("MiB", 1 << 20),
        ("KiB", 1 << 10),
    ];
    let unit = UNITS.iter().find(|(_, unit)| value >= *unit);
    unit.map_or_else(
        || format!("{value} B"),
        |(name, unit)| format!("{} {name}", tenths(value, *unit)),
    )
}

/// How much of `all` is `part`, in whole percent; 0 of nothing.
#[must_use]
pub fn percent(part: u64, all: u64) -> u64 {
    match all {
        0 => 0,
        // Rounded half up, in integers: memory in bytes times a hundred fits.
        _ => u64::try_from((u128::from(part) * 200 + u128::from(all)) / (u128::from(all) * 2))
            .unwrap_or(u64::MAX),
    }
}

/// A bar's length in percent of its track: never past it.
#[must_use]
pub fn bar(part: u64, all: u64) -> u64 {
    percent(part, all).min(100)
}

/// Why points were lost, as a sentence.
#[must_use]
pub fn loss(loss: &Loss) -> String {
    let (count, of) = (loss.count, loss.of);
    let are = if count == 1 { "is" } else { "are" };
    match loss.reason {
        LossReason::NodesNotReady => {
            format!(
                "{} of {} {are} not ready",
                grouped(count),
                plural(of, "node")
            )
        }
        LossReason::PodsFailing => {
            let fail = if count == 1 { "fails" } else { "fail" };
            format!("{} of {} {fail}", grouped(count), plural(of, "pod"))
        }
        LossReason::DeploymentsDown => {
            let have = if count == 1 { "has" } else { "have" };
            format!(
                "{} of {} {have} no available pod",
                grouped(count),
                plural(of, "deployment")
            )
        }
        LossReason::CriticalIncidents => plural(count, "critical incident"),
        LossReason::HighIncidents => plural(count, "high incident"),
        LossReason::NearlyFull => match count {
            1 => "CPU or memory is almost all requested".into(),
            _ => "CPU and memory are almost all requested".into(),
        },
    }
}

/// Where a loss is looked at, as a hash.
#[must_use]
pub const fn loss_route(reason: LossReason) -> &'static str {
    match reason {
        LossReason::NodesNotReady | LossReason::NearlyFull => "#/nodes",
        LossReason::PodsFailing => "#/pods",
        LossReason::DeploymentsDown => "#/deployments",
        LossReason::CriticalIncidents | LossReason::HighIncidents => "#/incidents",
    }
}

/// How many are of a tone.
#[must_use]
pub fn of_tone(counts: &Counts, tone: Tone) -> u64 {
    let states = counts.states.iter().filter(|state| state.tone == tone);
    states.map(|state| state.count).sum()
}

/// The table of `kind` with only the states of a tone; the whole table when there are none.
#[must_use]
pub fn tone_route(kind: &str, counts: &Counts, tone: Tone) -> Route {
    let states = counts.states.iter().filter(|state| state.tone == tone);
    let words: Vec<&str> = states.map(|state| state.word.as_str()).collect();
    match words.as_slice() {
        [] => Route::table(kind),
        [one] => Route::facet(kind, one),
        several => {
            let escaped: Vec<String> = several.iter().map(|word| escape(word)).collect();
            Route::filtered(kind, &format!("/^({})$/", escaped.join("|")))
        }
    }
}

fn escape(word: &str) -> String {
    let mut escaped = String::with_capacity(word.len());
    for letter in word.chars() {
        if !letter.is_alphanumeric() {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

/// One word for a score.
#[must_use]
pub const fn verdict(score: u32) -> &'static str {
    match score {
        95.. => "Healthy",
        80..95 => "Mostly well",
        50..80 => "Unwell",
        _ => "In trouble",
    }
}

/// The points of a line through `values` in a box of `width` × `height`, scaled to `most`; empty
/// for less than two values.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "coordinates of a drawing")]
pub fn line(values: &[(i64, u64)], span: (i64, i64), most: u64, width: f64, height: f64) -> String {
    let (from, to) = span;
    if values.len() < 2 || to <= from || most == 0 {
        return String::new();
    }
    let points: Vec<String> = values
        .iter()
        .map(|&(at, value)| {
            let x = (at - from) as f64 / (to - from) as f64 * width;
            let y = height - value as f64 / most as f64 * height;
            format!("{x:.1},{:.1}", y.max(0.0))
        })
        .collect();
    points.join(" ")
}

#[allow(clippy::cast_precision_loss, reason = "rounded to a tenth on purpose")]
fn tenths(value: u64, unit: u64) -> String {
    let figure = value as f64 / unit as f64;
    if figure >= 100.0 || figure.fract() < 0.05 {
        format!("{figure:.0}")
    } else {
        format!("{figure:.1}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_carry_their_unit() {
        for (kind, value, text) in [
            (Resource::Cpu, 250, "250m"),
            (Resource::Cpu, 3_500, "3.5 cores"),
            (Resource::Cpu, 4_000, "4 cores"),
            (Resource::Memory, 13_314_398_617, "12.4 GiB"),
            (Resource::Memory, 512, "512 B"),
            (Resource::Pods, 12_000, "12,000"),
        ] {
            assert_eq!(amount(kind, value), text);
        }
    }

    #[test]
    fn shares_never_leave_their_track() {
        assert_eq!((percent(1, 3), bar(1, 3)), (33, 33));
        assert_eq!((percent(5, 4), bar(5, 4)), (125, 100));
        assert_eq!(percent(1, 0), 0);
        assert_eq!(percent(u64::MAX / 2, u64::MAX), 50);
    }

    #[test]
    fn losses_are_sentences() {
        let of = |reason, count, of| {
            loss(&Loss {
                reason,
                count,
                of,
                points: 1,
            })
        };
        assert_eq!(
            of(LossReason::NodesNotReady, 1, 6),
            "1 of 6 nodes is not ready"
        );
        assert_eq!(
            of(LossReason::PodsFailing, 12, 1_325),
            "12 of 1,325 pods fail"
        );
        assert_eq!(
            of(LossReason::CriticalIncidents, 2, 9),
            "2 critical incidents"
        );
    }

    #[test]
    fn a_tile_leads_to_exactly_what_it_counts() {
        let state = |word: &str, tone, count| kubegraf_ipc::overview::StateCount {
            word: word.into(),
            tone,
            count,
        };
        let mut counts = Counts {
            total: 9,
            states: vec![
                state("Running", Tone::Ok, 6),
                state("Init:Error", Tone::Bad, 2),
            ],
        };
        let route = |counts: &Counts| tone_route("pods", counts, Tone::Bad);
        assert_eq!(route(&counts), Route::facet("pods", "Init:Error"));
        counts.states.push(state("Error", Tone::Bad, 1));
        assert_eq!(
            route(&counts),
            Route::filtered("pods", "/^(Init\\:Error|Error)$/")
        );
        assert_eq!(of_tone(&counts, Tone::Bad), 3);
        counts.states.clear();
        assert_eq!(route(&counts), Route::table("pods"));
    }

    #[test]
    fn a_line_spans_its_box() {
        assert_eq!(
            line(&[(0, 0), (60, 10)], (0, 60), 10, 100.0, 40.0),
            "0.0,40.0 100.0,0.0"
        );
        assert_eq!(line(&[(0, 5)], (0, 60), 10, 100.0, 40.0), "");
    }
}
