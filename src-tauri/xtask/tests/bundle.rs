//! The Debian package as a person meets it: installed, in the desktop's menu with its icon, started from there, removed without a trace.
//! As root it is really installed with dpkg and purged again; otherwise, or where KubeGraf is installed already, it is unpacked into a
//! folder. As root it is also started without any network. `cargo xtask test` makes the package first and names it in `KUBEGRAF_DEB`.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "the whole file is a test"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use xtask::app::App;
use xtask::headless::Desktop;
use xtask::{install, process};

/// The package of this run, or why there is none.
fn package(variable: &str) -> Option<PathBuf> {
    let file = std::env::var_os(variable).map(PathBuf::from);
    if file.is_none() {
        println!(
            "SKIPPED bundle: {variable} names no package (`cargo xtask test --tier bundle` makes it)"
        );
    }
    file
}

/// Where the package was put, undone when dropped.
enum Placed {
    Installed { name: String },
    Unpacked { folder: tempfile::TempDir },
}

impl Placed {
    fn put(deb: &Path) -> Self {
        let name = field(deb, "Package");
        let installed = process::succeeds(Command::new("dpkg").args(["--status", &name]));
        if install::is_root() && !installed {
            process::capture(Command::new("dpkg").arg("--install").arg(deb)).unwrap();
            return Self::Installed { name };
        }
        let folder = tempfile::tempdir().unwrap();
        process::capture(
            Command::new("dpkg-deb")
                .arg("--extract")
                .arg(deb)
                .arg(folder.path()),
        )
        .unwrap();
        Self::Unpacked { folder }
    }

    /// Where `path` of the package is now.
    fn path(&self, path: &str) -> PathBuf {
        match self {
            Self::Installed { .. } => PathBuf::from(path),
            Self::Unpacked { folder } => folder.path().join(path.trim_start_matches('/')),
        }
    }

    /// Removes it now, and says what dpkg said if it went wrong.
    fn remove(&mut self) -> anyhow::Result<()> {
        if let Self::Installed { name } = self {
            process::capture(Command::new("dpkg").args(["--purge", name]))?;
        }
        Ok(())
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        if let Self::Installed { name } = self
            && process::succeeds(Command::new("dpkg").args(["--status", name]))
            && let Err(error) = self.remove()
        {
            println!("the package is still installed: {error:#}");
        }
    }
}

fn field(deb: &Path, name: &str) -> String {
    let said =
        process::capture(Command::new("dpkg-deb").arg("--field").arg(deb).arg(name)).unwrap();
    said.trim().to_owned()
}

/// The files of the package, as absolute paths.
fn contents(deb: &Path) -> Vec<String> {
    let said = process::capture(Command::new("dpkg-deb").arg("--contents").arg(deb)).unwrap();
    // As `ls -l` prints them: folders begin with a "d".
    let files = said.lines().filter(|line| !line.starts_with('d'));
    let paths = files.filter_map(|line| line.split_whitespace().nth(5));
    paths
        .map(|path| format!("/{}", path.trim_start_matches(['.', '/'])))
        .collect()
}

/// The value of `key` in the `[Desktop Entry]` group.
fn entry(text: &str, key: &str) -> Option<String> {
    let group = text
        .split("\n[")
        .find(|group| group.trim_start_matches('[').starts_with("Desktop Entry]"))?;
    group
        .lines()
        .find_map(|line| Some(line.strip_prefix(key)?.strip_prefix('=')?.trim().to_owned()))
}

/// Addresses the process listens on, in its own network namespace.
fn listeners(id: u32) -> Vec<String> {
    let tables =
        ["tcp", "tcp6"].map(|table| fs::read_to_string(format!("/proc/{id}/net/{table}")).unwrap());
    let rows = tables.iter().flat_map(|table| table.lines().skip(1));
    let columns = rows.map(|row| row.split_whitespace().collect::<Vec<_>>());
    // 0A is TCP_LISTEN.
    columns
        .filter(|columns| columns.get(3) == Some(&"0A"))
        .map(|columns| columns[1].to_owned())
        .collect()
}

/// Covers: SYS-04, SYS-11, DPL-06, DPL-07
#[test]
fn the_installed_app_is_in_the_menu_and_starts_from_there() {
    let Some(deb) = package("KUBEGRAF_DEB") else {
        return;
    };
    let files = contents(&deb);
    let mut placed = Placed::put(&deb);

    let menu: Vec<&String> = files
        .iter()
        .filter(|path| path.starts_with("/usr/share/applications/") && path.ends_with(".desktop"))
        .collect();
    let [menu] = menu.as_slice() else {
        panic!("one menu entry expected in {files:?}")
    };
    let text = fs::read_to_string(placed.path(menu)).unwrap();
    let value = |key: &str| {
        entry(&text, key).unwrap_or_else(|| panic!("no {key} in the menu entry:\n{text}"))
    };
    assert_eq!(value("Name"), "KubeGraf");
    assert_eq!(value("Type"), "Application");
    assert_eq!(value("Terminal"), "false");
    assert!(
        !value("Categories").is_empty() && !value("Comment").is_empty(),
        "{text}"
    );
    if process::find("desktop-file-validate").is_some() {
        process::capture(Command::new("desktop-file-validate").arg(placed.path(menu))).unwrap();
    }

    let icon = value("Icon");
    for size in ["32x32", "128x128", "256x256@2", "512x512"] {
        let path = format!("/usr/share/icons/hicolor/{size}/apps/{icon}.png");
        assert!(
            fs::read(placed.path(&path)).is_ok_and(|bytes| bytes.starts_with(b"\x89PNG")),
            "no icon {path} in {files:?}"
        );
    }

    // The menu starts the first word of Exec, found on the desktop's PATH.
    let program = value("Exec")
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned();
    let program = placed.path(&format!("/usr/bin/{program}"));
    let home = tempfile::tempdir().unwrap();
    let desktop = Desktop::start(1280, 900).unwrap();
    // Root may take the network away altogether: what then paints a table needs nothing from outside.
    let offline =
        install::is_root() && process::succeeds(Command::new("unshare").args(["--net", "true"]));
    let mut command = process::bound(if offline {
        Path::new("unshare")
    } else {
        &program
    });
    if offline {
        command.args(["--net", "--"]).arg(&program);
    }
    command.current_dir(home.path()).env_remove("KUBECONFIG");
    command
        .env("HOME", home.path())
        .env("KUBEGRAF_DATA_DIR", home.path().join("data"));
    for variable in ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
        command.env_remove(variable);
    }
    desktop.host(&mut command);
    let mut app = App::start(&mut command).unwrap();
    app.painted(Duration::from_secs(90)).unwrap();
    if offline {
        assert_eq!(listeners(app.id()), Vec::<String>::new(), "the app listens");
    }
    drop(app);
    drop(desktop);

    placed.remove().unwrap();
    if matches!(placed, Placed::Installed { .. }) {
        let left: Vec<&String> = files
            .iter()
            .filter(|path| Path::new(path).exists())
            .collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }
}

/// Covers: SYS-04
#[test]
fn the_red_hat_package_has_what_the_debian_one_has() {
    let (Some(deb), Some(rpm)) = (package("KUBEGRAF_DEB"), package("KUBEGRAF_RPM")) else {
        return;
    };
    let bytes = fs::read(&rpm).unwrap();
    assert!(
        bytes.starts_with(b"\xed\xab\xee\xdb"),
        "not an rpm: {}",
        rpm.display()
    );
    // Its header names each file in the clear; the program to unpack it is seldom there on Debian.
    let holds = |word: &str| {
        bytes
            .windows(word.len())
            .any(|window| window == word.as_bytes())
    };
    for path in contents(&deb) {
        let name = path.rsplit('/').next().unwrap_or_default();
        if !path.starts_with("/usr/share/doc/") {
            assert!(holds(name), "{path} is missing in {}", rpm.display());
        }
    }
}
