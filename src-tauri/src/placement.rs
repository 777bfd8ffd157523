//! Where the window stood when it was last open. It stands there again if enough of it would be on a screen
//! that still exists. Knows nothing of what the window shows.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Mutex,
};

use serde::{Deserialize, Serialize};
use tauri::{PhysicalPosition, PhysicalSize, Runtime, WebviewWindow, Window};

/// The file's name in the data directory.
const FILE: &str = "window.json";
/// So much of the title bar must be on a screen for a hand to reach it, in physical px.
const GRIP: (i64, i64) = (160, 24);
/// Smaller than this no window was ever shown.
const LEAST: (u32, u32) = (320, 240);

/// A window's place on the screens, in physical px.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// Left edge.
    pub x: i32,
    /// Upper edge.
    pub y: i32,
    /// Width of the content.
    pub width: u32,
    /// Height of the content.
    pub height: u32,
    /// Whether it fills its screen.
    pub maximized: bool,
}

/// A screen: its upper left corner and its size, in physical px.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Left edge.
    pub x: i32,
    /// Upper edge.
    pub y: i32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl Placement {
    /// Whether a window there could be seen and moved.
    #[must_use]
    pub fn fits(&self, screens: &[Screen]) -> bool {
        let overlap = |a: i32, a_long: u32, b: i32, b_long: u32| {
            let end = (i64::from(a) + i64::from(a_long)).min(i64::from(b) + i64::from(b_long));
            end - i64::from(a.max(b))
        };
        let title = u32::try_from(GRIP.1).unwrap_or(u32::MAX);
        let big = self.width >= LEAST.0 && self.height >= LEAST.1;
        big && screens.iter().any(|screen| {
            overlap(self.x, self.width, screen.x, screen.width) >= GRIP.0
                && overlap(self.y, title, screen.y, screen.height) >= GRIP.1
        })
    }

    /// Reads what was kept; nothing when there is none or it cannot be read.
    #[must_use]
    pub fn read(data_dir: &Path) -> Option<Self> {
        let text = fs::read(data_dir.join(FILE)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Keeps it.
    ///
    /// # Errors
    /// When the data directory cannot be written.
    pub fn keep(&self, data_dir: &Path) -> io::Result<()> {
        fs::write(data_dir.join(FILE), serde_json::to_vec(self)?)
    }
}

/// Follows one window and keeps where it is.
#[derive(Debug)]
pub struct Follower {
    data_dir: PathBuf,
    last: Mutex<Option<Placement>>,
}

impl Follower {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(data_dir: PathBuf) -> Self {
        Self {
            data_dir,
            last: Mutex::new(None),
        }
    }

    /// Puts a new window where the last one was.
    pub fn restore<R: Runtime>(&self, window: &WebviewWindow<R>) {
        let Some(placement) = Placement::read(&self.data_dir) else {
            return;
        };
        let monitors = window.available_monitors().unwrap_or_default();
        let screens: Vec<Screen> = monitors
            .iter()
            .map(|monitor| Screen {
                x: monitor.position().x,
                y: monitor.position().y,
                width: monitor.size().width,
                height: monitor.size().height,
            })
            .collect();
        if !placement.fits(&screens) {
            tracing::info!(?placement, "the window's last place is on no screen");
            return;
        }
        let Placement {
            x,
            y,
            width,
            height,
            maximized,
        } = placement;
        let placed = window
            .set_size(PhysicalSize::new(width, height))
            .and_then(|()| window.set_position(PhysicalPosition::new(x, y)))
            .and_then(|()| if maximized { window.maximize() } else { Ok(()) });
        if let Err(error) = placed {
            tracing::warn!(%error, "the window cannot be put where it was");
        }
    }

    /// Notes where the window is; a maximised one keeps the place it would go back to.
    pub fn note<R: Runtime>(&self, window: &Window<R>) {
        let (Ok(position), Ok(size), Ok(maximized), Ok(false)) = (
            window.outer_position(),
            window.inner_size(),
            window.is_maximized(),
            window.is_minimized(),
        ) else {
            return;
        };
        let mut last = self
            .last
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *last = Some(match (*last, maximized) {
            (Some(before), true) => Placement {
                maximized,
                ..before
            },
            _ => Placement {
                x: position.x,
                y: position.y,
                width: size.width,
                height: size.height,
                maximized,
            },
        });
    }

    /// Writes down what was noted last.
    pub fn keep(&self) {
        let last = *self
            .last
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(placement) = last
            && let Err(error) = placement.keep(&self.data_dir)
        {
            tracing::warn!(%error, "the window's place cannot be kept");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Screen = Screen {
        x: 0,
        y: 0,
        width: 1920,
        height: 1080,
    };

    fn at(x: i32, y: i32) -> Placement {
        Placement {
            x,
            y,
            width: 1280,
            height: 800,
            maximized: false,
        }
    }

    #[test]
    fn a_window_comes_back_only_where_a_hand_can_reach_it() {
        let second = Screen { x: 1920, ..SCREEN };
        for (placement, screens, fits) in [
            (at(100, 100), &[SCREEN][..], true),
            (at(-1100, 0), &[SCREEN], true),
            (at(-1200, 0), &[SCREEN], false),
            (at(100, -30), &[SCREEN], false),
            (at(100, 1070), &[SCREEN], false),
            (at(2000, 100), &[SCREEN], false),
            (at(2000, 100), &[SCREEN, second], true),
            (at(i32::MAX, i32::MIN), &[SCREEN], false),
            (at(0, 0), &[], false),
        ] {
            assert_eq!(placement.fits(screens), fits, "{placement:?} {screens:?}");
        }
        let tiny = Placement {
            width: 1,
            height: 1,
            ..at(0, 0)
        };
        assert!(!tiny.fits(&[SCREEN]));
    }

    #[test]
    fn what_is_kept_is_read_again_and_rubbish_is_nothing() {
        let dir = tempfile::tempdir().expect("a directory");
        assert_eq!(Placement::read(dir.path()), None);
        at(7, 9).keep(dir.path()).expect("it can be written");
        assert_eq!(Placement::read(dir.path()), Some(at(7, 9)));
        fs::write(dir.path().join(FILE), "{\"x\":").expect("it can be written");
        assert_eq!(Placement::read(dir.path()), None);
    }
}
