//! The sizes everything can be drawn in.

/// In percent.
pub const SIZES: [u32; 8] = [75, 90, 100, 110, 125, 150, 175, 200];

/// The size that is `by` steps from `now`; 0 is as it comes.
#[must_use]
pub fn stepped(now: u32, by: i32) -> u32 {
    let larger = SIZES.iter().copied().find(|size| *size > now);
    let smaller = SIZES.iter().copied().rev().find(|size| *size < now);
    match by {
        0 => 100,
        1.. => larger.unwrap_or(now),
        _ => smaller.unwrap_or(now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_end_at_both_ends() {
        for (now, by, then) in [
            (100, 1, 110),
            (100, -1, 90),
            (200, 1, 200),
            (75, -1, 75),
            (133, 1, 150),
            (133, -1, 125),
            (175, 0, 100),
        ] {
            assert_eq!(stepped(now, by), then, "{now} by {by}");
        }
    }
}
