//! The tray's icon: the app's own, with a dot in the colour of the worst open incident.

use kubegraf_ipc::incident::{Severity, SeverityCounts};
use tauri::{AppHandle, Runtime, image::Image};

/// The app's icon with a dot in the colour of the worst severity.
pub(super) fn icon<R: Runtime>(
    app: &AppHandle<R>,
    counts: SeverityCounts,
) -> Option<Image<'static>> {
    let plain = app.default_window_icon()?;
    let (width, height) = (plain.width(), plain.height());
    let mut rgba = plain.rgba().to_vec();
    if let Some(severity) = worst(counts) {
        dot(&mut rgba, width, height, colour(severity));
    }
    Some(Image::new_owned(rgba, width, height))
}

const fn colour(severity: Severity) -> [u8; 3] {
    match severity {
        Severity::Critical => [0xf0, 0x56, 0x5b],
        Severity::High => [0xef, 0x83, 0x54],
        Severity::Medium => [0xd9, 0xa4, 0x41],
        Severity::Low => [0x9a, 0xa5, 0xb4],
    }
}

/// Draws a filled circle into the lower right quarter.
fn dot(rgba: &mut [u8], width: u32, height: u32, [red, green, blue]: [u8; 3]) {
    let radius = i64::from(width.min(height)) / 4;
    let (middle_x, middle_y) = (
        i64::from(width) - radius - 1,
        i64::from(height) - radius - 1,
    );
    for (index, pixel) in rgba.chunks_exact_mut(4).enumerate() {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let (x, y) = (i64::from(index % width), i64::from(index / width));
        if (x - middle_x).pow(2) + (y - middle_y).pow(2) <= radius.pow(2) {
            pixel.copy_from_slice(&[red, green, blue, 0xff]);
        }
    }
}

fn worst(counts: SeverityCounts) -> Option<Severity> {
    [
        (counts.critical, Severity::Critical),
        (counts.high, Severity::High),
        (counts.medium, Severity::Medium),
        (counts.low, Severity::Low),
    ]
    .into_iter()
    .find_map(|(count, severity)| (count > 0).then_some(severity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_severity_gives_the_colour() {
        let counts = SeverityCounts {
            high: 3,
            low: 9,
            ..SeverityCounts::default()
        };
        assert_eq!(worst(counts), Some(Severity::High));
        assert_eq!(worst(SeverityCounts::default()), None);
    }

    #[test]
    fn the_dot_is_in_the_corner_and_leaves_the_rest() {
        let (width, height) = (32, 32);
        let mut rgba = vec![0; 32 * 32 * 4];
        dot(&mut rgba, width, height, colour(Severity::Critical));
        let at = |x: usize, y: usize| &rgba[(y * 32 + x) * 4..][..4];
        assert_eq!(at(23, 23), [0xf0, 0x56, 0x5b, 0xff]);
        assert_eq!(at(0, 0), [0; 4]);
        assert_eq!(at(31, 31), [0; 4]);
    }
}
