//! What has to be on the machine, as data: how to see that it is there, and what brings it. Installs nothing.

use std::path::Path;
use std::process::Command;

use crate::process;

/// How to see that something is there.
#[derive(Debug, Clone, Copy)]
pub enum Probe {
    /// A program on the PATH.
    Program(&'static str),
    /// A C library, by its pkg-config name.
    Library(&'static str),
    /// A file or folder of the system.
    File(&'static str),
}

/// One thing that has to be there.
#[derive(Debug, Clone, Copy)]
pub struct Need {
    /// How to see that it is there.
    pub probe: Probe,
    /// The package of Debian and Ubuntu that brings it; empty when theirs does not do.
    pub debian: &'static str,
    /// What to do on a system without apt.
    pub elsewhere: &'static str,
}

impl Need {
    /// Its name in a message.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.probe {
            Probe::Program(name) | Probe::Library(name) | Probe::File(name) => name,
        }
    }

    /// Whether it is there now.
    #[must_use]
    pub fn is_met(&self) -> bool {
        match self.probe {
            Probe::Program(name) => process::find(name).is_some(),
            Probe::Library(name) => {
                process::succeeds(Command::new("pkg-config").args(["--exists", name]))
            }
            Probe::File(path) => Path::new(path).exists(),
        }
    }
}

const fn program(name: &'static str, debian: &'static str, elsewhere: &'static str) -> Need {
    Need {
        probe: Probe::Program(name),
        debian,
        elsewhere,
    }
}

const fn library(name: &'static str, debian: &'static str) -> Need {
    Need {
        probe: Probe::Library(name),
        debian,
        elsewhere: "install your system's development package of it",
    }
}

const fn file(name: &'static str, debian: &'static str) -> Need {
    Need {
        probe: Probe::File(name),
        debian,
        elsewhere: "install your system's package of it",
    }
}

const YOUR_PACKAGES: &str = "install it with your system's package manager";
const NODE: &str = "install Node.js 20 or newer from nodejs.org or your package manager";

/// To compile and start the window.
#[cfg(target_os = "linux")]
pub const WINDOW: &[Need] = &[
    program("cc", "build-essential", YOUR_PACKAGES),
    program("pkg-config", "pkg-config", YOUR_PACKAGES),
    library("webkit2gtk-4.1", "libwebkit2gtk-4.1-dev"),
    library("gtk+-3.0", "libgtk-3-dev"),
    library("libsoup-3.0", "libsoup-3.0-dev"),
    library("dbus-1", "libdbus-1-dev"),
    library("librsvg-2.0", "librsvg2-dev"),
    library("ayatana-appindicator3-0.1", "libayatana-appindicator3-dev"),
];
/// To compile and start the window.
#[cfg(target_os = "macos")]
pub const WINDOW: &[Need] = &[program("cc", "", "run `xcode-select --install`")];
/// To compile and start the window.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub const WINDOW: &[Need] = &[];

/// What cannot be probed but has to be there on this system, for the message of a failed build.
pub const WINDOW_ELSEWHERE: &str = if cfg!(windows) {
    "on Windows the shell needs the Visual Studio C++ build tools and the WebView2 runtime (part of Windows 11)"
} else if cfg!(target_os = "macos") {
    "on macOS the shell needs the Xcode command line tools: xcode-select --install"
} else {
    ""
};

/// To show the window where there is no display, and to take its picture.
pub const HEADLESS: &[Need] = &[
    program("Xvfb", "xvfb", YOUR_PACKAGES),
    program("dbus-daemon", "dbus", YOUR_PACKAGES),
    program("import", "imagemagick", YOUR_PACKAGES),
];

/// To drive the window in tests.
pub const WEBDRIVER: &[Need] = &[
    program("WebKitWebDriver", "webkit2gtk-driver", YOUR_PACKAGES),
    program("dbus-run-session", "dbus", YOUR_PACKAGES),
];

/// To fetch the packages of npm: the UI's fonts, the bundler.
pub const NPM: &[Need] = &[program("node", "nodejs", NODE), program("npm", "npm", NODE)];

/// To build the control planes of the test clusters. Debian's own Go is years too old for Kubernetes, so apt is not asked.
pub const GO: &[Need] = &[program("go", "", "install Go 1.26 or newer from go.dev")];

/// To run real nodes; besides, root.
pub const REAL_NODES: &[Need] = &[
    program("ip", "iproute2", YOUR_PACKAGES),
    program("iptables", "iptables", YOUR_PACKAGES),
    program("unshare", "util-linux", YOUR_PACKAGES),
    program("nsenter", "util-linux", YOUR_PACKAGES),
    program("mount", "mount", YOUR_PACKAGES),
    program("containerd", "containerd", YOUR_PACKAGES),
    program("runc", "runc", YOUR_PACKAGES),
    file("/usr/lib/cni/bridge", "containernetworking-plugins"),
    file("/bin/busybox", "busybox-static"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_tells_there_from_not_there() {
        let met = |probe| {
            Need {
                probe,
                debian: "",
                elsewhere: "",
            }
            .is_met()
        };
        assert!(met(Probe::Program("cargo")));
        assert!(!met(Probe::Program("kubegraf-no-such-program")));
        assert!(met(Probe::File(env!("CARGO_MANIFEST_DIR"))));
        assert!(!met(Probe::File("/kubegraf/no/such/file")));
        assert!(!met(Probe::Library("kubegraf-no-such-library")));
    }
}
