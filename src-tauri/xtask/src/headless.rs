//! A display and a session bus for a window where there is no desktop, as guards, and a picture of what the window shows. Linux only:
//! it speaks to Xvfb, dbus-daemon and ImageMagick. Ends exactly what it started.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::{self, Running, bound};

/// Whether this session has a display a window can open on.
#[must_use]
pub fn has_display() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// A desktop of our own: an X server without a screen and a session bus. Both end when this is dropped.
#[derive(Debug)]
pub struct Desktop {
    display: String,
    bus: String,
    _bus: Running,
    _server: Running,
}

impl Desktop {
    /// Starts one of `width` × `height` pixels on a free display number.
    ///
    /// # Errors
    /// Xvfb or dbus-daemon does not start.
    pub fn start(width: u32, height: u32) -> Result<Self> {
        let mut xvfb = bound("Xvfb");
        // The server picks the number and writes it to its output, so that two runs never race for one.
        xvfb.args([
            "-displayfd",
            "1",
            "-nolisten",
            "tcp",
            "-noreset",
            "-screen",
            "0",
        ]);
        xvfb.arg(format!("{width}x{height}x24"));
        let (server, number) = start_and_read("Xvfb", &mut xvfb)?;
        let mut daemon = bound("dbus-daemon");
        daemon.args(["--session", "--nofork", "--print-address=1"]);
        let (bus_guard, bus) = start_and_read("dbus-daemon", &mut daemon)?;
        Ok(Self {
            display: format!(":{number}"),
            bus,
            _bus: bus_guard,
            _server: server,
        })
    }

    /// Makes `command` open its window here and nowhere else.
    pub fn host(&self, command: &mut Command) {
        command
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env("GDK_BACKEND", "x11")
            // Without a session there is no accessibility bus, and GTK waits for one at every start.
            .env("NO_AT_BRIDGE", "1")
            .env_remove("WAYLAND_DISPLAY");
    }

    /// The display's name, `:99`.
    #[must_use]
    pub fn display(&self) -> &str {
        &self.display
    }

    /// The address of its session bus.
    #[must_use]
    pub fn bus(&self) -> &str {
        &self.bus
    }

    /// Saves what the screen shows as a PNG.
    ///
    /// # Errors
    /// The picture cannot be taken or written.
    pub fn screenshot(&self, file: &Path) -> Result<()> {
        if let Some(folder) = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("create \"{}\"", folder.display()))?;
        }
        let mut import = Command::new("import");
        import
            .args(["-display", &self.display, "-window", "root"])
            .arg(file);
        process::capture(&mut import).map(drop)
    }
}

/// Starts a server that prints one line, its address, once it is ready.
fn start_and_read(name: &'static str, command: &mut Command) -> Result<(Running, String)> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut running = Running::start(name, command)?;
    let output = running.child().stdout.take().expect("its output is piped");
    let (send, line) = mpsc::channel();
    thread::spawn(move || {
        let mut reader = BufReader::new(output);
        let mut line = String::new();
        let read = reader.read_line(&mut line);
        // Nobody listens any more when the server was too slow.
        let _ = send.send(read.map(|_| line.trim().to_owned()));
    });
    match line.recv_timeout(Duration::from_secs(20)) {
        Ok(Ok(line)) if !line.is_empty() => Ok((running, line)),
        Ok(_) => bail!("{name} ended before it was ready"),
        Err(_) => bail!("{name} was not ready within 20 s"),
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::{install, needs};

    #[test]
    fn a_desktop_gives_a_picture_and_leaves_nothing() {
        let missing = install::missing(&[needs::HEADLESS]);
        if !missing.is_empty() {
            println!("SKIPPED xtask: {} missing", missing.join(" "));
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/shot.png");
        let desktop = Desktop::start(320, 200).unwrap();
        let second = Desktop::start(320, 200).unwrap();
        assert_ne!(desktop.display, second.display);
        desktop.screenshot(&file).unwrap();
        assert!(std::fs::read(&file).unwrap().starts_with(b"\x89PNG"));
        let ids = [desktop._server.id(), desktop._bus.id()];
        drop(desktop);
        for id in ids {
            assert!(
                !Path::new(&format!("/proc/{id}")).exists(),
                "process {id} is still there"
            );
        }
    }
}
