//! Which rows a scrolled grid shows, which it keeps in the DOM, and when it needs another slice.

use std::ops::Range;

/// Height of a row in CSS px.
pub const ROW_HEIGHT: f64 = 28.0;

/// Rows drawn above and below what is visible.
const DRAWN_MARGIN: u64 = 8;
/// Rows asked for above and below what is visible.
const ASKED_MARGIN: u64 = 80;
/// A new slice is asked for when fewer than this many rows are left before the slice's edge.
const REFILL_AT: u64 = 30;
/// The contract's limit of [`kubegraf_ipc::table::TableView::count`].
const MOST_ROWS: u64 = 500;

/// The rows that are at least partly visible in a viewport of `height` px scrolled by `top` px.
#[must_use]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "scroll offsets are far below 2^53 and clamped to be positive"
)]
pub fn visible(top: f64, height: f64, total: u64) -> Range<u64> {
    let first = (top.max(0.0) / ROW_HEIGHT).floor() as u64;
    let last = ((top.max(0.0) + height.max(0.0)) / ROW_HEIGHT).ceil() as u64;
    first.min(total)..last.min(total)
}

/// The rows to keep in the DOM: the visible ones and a margin.
#[must_use]
pub fn drawn(visible: &Range<u64>, total: u64) -> Range<u64> {
    visible.start.saturating_sub(DRAWN_MARGIN)..(visible.end + DRAWN_MARGIN).min(total)
}

/// The slice to ask for around what is visible, as offset and count.
#[must_use]
pub fn wanted(visible: &Range<u64>) -> (u64, u32) {
    let start = visible.start.saturating_sub(ASKED_MARGIN);
    let count = (visible.end + ASKED_MARGIN - start).clamp(1, MOST_ROWS);
    (start, u32::try_from(count).expect("at most 500"))
}

/// Whether the slice `asked` (offset, count) no longer covers what is visible with room to scroll.
#[must_use]
pub fn must_refill(asked: (u64, u32), visible: &Range<u64>, total: u64) -> bool {
    let (start, end) = (asked.0, asked.0 + u64::from(asked.1));
    let above = visible.start.saturating_sub(REFILL_AT);
    let below = (visible.end + REFILL_AT).min(total);
    above < start || below > end
}

/// The scroll offset that brings row `index` into view, `None` when it is in view already.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "row numbers are far below 2^53")]
pub fn scroll_to(index: u64, top: f64, height: f64) -> Option<f64> {
    let row_top = index as f64 * ROW_HEIGHT;
    if row_top < top {
        Some(row_top)
    } else if row_top + ROW_HEIGHT > top + height {
        Some((row_top + ROW_HEIGHT - height).max(0.0))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_rows_count_as_visible() {
        assert_eq!(visible(0.0, 280.0, 50_000), 0..10);
        assert_eq!(visible(14.0, 280.0, 50_000), 0..11);
        assert_eq!(visible(-50.0, 280.0, 50_000), 0..10, "rubber band");
        assert_eq!(visible(0.0, 280.0, 3), 0..3);
        assert_eq!(
            visible(5_000.0, 280.0, 3),
            3..3,
            "scrolled past a shrunk set"
        );
    }

    #[test]
    fn about_fifty_rows_stay_in_the_dom() {
        let seen = visible(28_000.0, 36.0 * ROW_HEIGHT, 50_000);
        let drawn = drawn(&seen, 50_000);
        assert_eq!(drawn, 992..1044);
        assert_eq!(drawn.end - drawn.start, 52);
    }

    #[test]
    fn a_slice_is_refilled_before_its_edge_is_seen() {
        let asked = wanted(&(100..130));
        assert_eq!(asked, (20, 190));
        assert!(!must_refill(asked, &(140..170), 50_000));
        assert!(must_refill(asked, &(160..190), 50_000));
        assert!(must_refill(asked, &(40..70), 50_000));
        assert!(
            !must_refill(wanted(&(0..30)), &(0..30), 12),
            "short sets never refill"
        );
    }

    #[test]
    fn a_slice_never_exceeds_the_contract() {
        assert_eq!(wanted(&(0..4_000)), (0, 500));
        assert_eq!(wanted(&(0..0)), (0, 80));
    }

    #[test]
    fn the_selected_row_scrolls_no_further_than_needed() {
        assert_eq!(scroll_to(5, 0.0, 280.0), None);
        assert_eq!(scroll_to(10, 0.0, 280.0), Some(28.0));
        assert_eq!(scroll_to(2, 280.0, 280.0), Some(56.0));
    }
}
