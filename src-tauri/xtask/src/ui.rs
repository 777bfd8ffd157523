//! Builds the front end: compiles `ui/` to wasm, makes its bindings, and lays `ui/dist` out as the shell embeds it. Work whose input
//! did not change is not done again, and a file that did not change is not touched: the shell is rebuilt only for a real change.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};

use crate::wasm::Route;
use crate::{install, needs, process, workspace};

/// How the wasm is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Small and quick to run: what is shipped.
    Shipped,
    /// The same with the gallery of components: what is tested.
    Small,
    /// Quick to compile: while developing.
    Quick,
}

impl Profile {
    fn cargo_name(self) -> &'static str {
        match self {
            Self::Shipped | Self::Small => "wasm",
            Self::Quick => "dev",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Shipped | Self::Small => "wasm",
            Self::Quick => "debug",
        }
    }
}

/// Builds the front end into `ui/dist`.
///
/// # Errors
/// It does not compile, or a file cannot be written.
pub fn build(profile: Profile) -> Result<()> {
    let route = Route::find()?;
    let wasm = compile(&route, profile)?;
    let bindings = bind(&wasm)?;
    lay_out(
        &workspace::root().join("ui"),
        &bindings,
        &vendored()?,
        &workspace::root().join("ui/dist"),
    )
}

fn compile(route: &Route, profile: Profile) -> Result<PathBuf> {
    let target = route.target_dir();
    let mut cargo = workspace::cargo();
    cargo.args([
        "build",
        "--quiet",
        "--package",
        "kubegraf-ui",
        "--profile",
        profile.cargo_name(),
    ]);
    if profile != Profile::Shipped {
        cargo.args(["--features", "gallery"]);
    }
    cargo.env("CARGO_TARGET_DIR", &target);
    route.apply(&mut cargo);
    process::run(&mut cargo).context("the front end does not build")?;
    Ok(target
        .join(crate::wasm::TARGET)
        .join(profile.folder())
        .join("kubegraf-ui.wasm"))
}

/// Makes the bindings of `wasm` unless those of this very file are there, and returns their folder.
fn bind(wasm: &Path) -> Result<PathBuf> {
    let folder = workspace::folder(workspace::wasm_target().join("bindings"))?;
    let stamp = folder.join(".made-from");
    let made_from = identity(wasm)?;
    if fs::read_to_string(&stamp).is_ok_and(|old| old == made_from) {
        return Ok(folder);
    }
    let mut cargo = workspace::cargo();
    cargo
        .args(["run", "--quiet", "--package", "xtask-bindgen", "--"])
        .arg(wasm)
        .arg(&folder);
    process::run(&mut cargo).context("the bindings of the front end could not be made")?;
    fs::write(&stamp, made_from).with_context(|| format!("write \"{}\"", stamp.display()))?;
    Ok(folder)
}

/// What changes whenever cargo writes the file anew, or the tool that reads it changes.
fn identity(wasm: &Path) -> Result<String> {
    let root = workspace::root();
    let lock = fs::read_to_string(root.join("Cargo.lock")).context("read Cargo.lock")?;
    let mut identity = locked_version(&lock, "wasm-bindgen").unwrap_or_default();
    for file in [wasm, &root.join("src-tauri/xtask/bindgen/src/main.rs")] {
        let about =
            fs::metadata(file).with_context(|| format!("look at \"{}\"", file.display()))?;
        let written = about.modified().context("read a file's time")?;
        let written = written
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_nanos();
        identity.push_str(&format!(" {} {} {written}", file.display(), about.len()));
    }
    Ok(identity)
}

/// The version of `package` in a Cargo.lock.
#[must_use]
pub fn locked_version(lock: &str, package: &str) -> Option<String> {
    let entry = lock.split("[[package]]").find(|entry| {
        entry.lines().any(|line| {
            line.strip_prefix("name = ")
                .is_some_and(|name| name.trim_matches('"') == package)
        })
    })?;
    let version = entry
        .lines()
        .find_map(|line| line.strip_prefix("version = "))?;
    Some(version.trim_matches('"').to_owned())
}

/// Copies page, styles, assets, bindings and what was vendored to `dist` and removes what does not belong there any more.
fn lay_out(ui: &Path, bindings: &Path, vendored: &[(&str, PathBuf)], dist: &Path) -> Result<()> {
    workspace::folder(dist.to_owned())?;
    let mut wanted = Vec::new();
    for name in ["kubegraf-ui.js", "kubegraf-ui_bg.wasm"] {
        wanted.push((PathBuf::from(name), read(&bindings.join(name))?));
    }
    // wasm-bindgen puts the JavaScript that crates bring along into `snippets`.
    for file in files(&bindings.join("snippets"))? {
        let name = file
            .strip_prefix(bindings)
            .expect("listed below it")
            .to_owned();
        wanted.push((name, read(&file)?));
    }
    for file in files(&ui.join("assets"))? {
        let name = file.strip_prefix(ui).expect("listed below it").to_owned();
        wanted.push((name, read(&file)?));
    }
    for (name, file) in vendored {
        wanted.push((PathBuf::from("vendor").join(name), read(file)?));
    }
    wanted.push(("styles.css".into(), styles(ui)?.into_bytes()));
    for file in pages(ui)? {
        let name = file.file_name().expect("a file has a name");
        wanted.push((name.into(), read(&file)?));
    }

    let names: BTreeSet<PathBuf> = wanted.iter().map(|(name, _)| dist.join(name)).collect();
    let there: BTreeSet<PathBuf> = files(dist)?.into_iter().collect();
    for stale in there.difference(&names) {
        fs::remove_file(stale).with_context(|| format!("remove \"{}\"", stale.display()))?;
    }
    // Cargo watches the files the shell embedded last time; a new one is seen only if a known one changes with it.
    let same_set = there == names;
    for (name, content) in wanted {
        let path = dist.join(&name);
        let touch = !same_set && name == Path::new("index.html");
        if touch || fs::read(&path).map_or(true, |old| old != content) {
            if let Some(parent) = path.parent() {
                workspace::folder(parent.to_owned())?;
            }
            fs::write(&path, content).with_context(|| format!("write \"{}\"", path.display()))?;
        }
    }
    Ok(())
}

/// One stylesheet: `styles/` first, in the order of the names (tokens come first by theirs), then those beside the components.
fn styles(ui: &Path) -> Result<String> {
    let mut sheet = String::new();
    for folder in ["styles", "src"] {
        for file in files(&ui.join(folder))? {
            if file.extension().is_some_and(|kind| kind == "css") {
                let text = fs::read_to_string(&file)
                    .with_context(|| format!("read \"{}\"", file.display()))?;
                sheet.push_str(text.trim_end());
                sheet.push('\n');
            }
        }
    }
    Ok(sheet)
}

/// What terminals are drawn with, as npm publishes it: package, version, file, and its name here.
const VENDORED: &[(&str, &str, &str, &str)] = &[
    ("@xterm/xterm", "6.0.0", "lib/xterm.mjs", "xterm.mjs"),
    ("@xterm/xterm", "6.0.0", "css/xterm.css", "xterm.css"),
    ("@xterm/xterm", "6.0.0", "LICENSE", "xterm-LICENSE.txt"),
    (
        "@xterm/addon-fit",
        "0.11.0",
        "lib/addon-fit.mjs",
        "addon-fit.mjs",
    ),
    (
        "@xterm/addon-search",
        "0.16.0",
        "lib/addon-search.mjs",
        "addon-search.mjs",
    ),
    (
        "@xterm/addon-web-links",
        "0.12.0",
        "lib/addon-web-links.mjs",
        "addon-web-links.mjs",
    ),
    (
        "@xterm/addon-webgl",
        "0.19.0",
        "lib/addon-webgl.mjs",
        "addon-webgl.mjs",
    ),
];

/// The files above, each package fetched once into the cache: later builds need no network.
fn vendored() -> Result<Vec<(&'static str, PathBuf)>> {
    let cache = workspace::cache()?.join("npm");
    let mut files = Vec::new();
    for (package, version, file, name) in VENDORED {
        let release = format!("{package}@{version}");
        let folder = cache.join(release.trim_start_matches('@').replace('/', "-"));
        let path = folder.join("node_modules").join(package).join(file);
        if !path.exists() {
            fetch(&release, &folder)?;
        }
        files.push((*name, path));
    }
    Ok(files)
}

fn fetch(release: &str, folder: &Path) -> Result<()> {
    install::ensure("fetch what terminals are drawn with", &[needs::NPM])?;
    workspace::folder(folder.to_owned())?;
    let mut npm = std::process::Command::new("npm");
    let quiet = ["install", "--silent", "--no-fund", "--no-audit"];
    npm.args(quiet).args(["--ignore-scripts", "--prefix"]);
    npm.arg(folder).arg(release);
    process::run(&mut npm).with_context(|| {
        format!("\"{release}\" could not be fetched from npm (is there a network?)")
    })
}

/// The page, and the scripts beside it that it loads before there is any wasm.
fn pages(ui: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(ui).with_context(|| format!("list \"{}\"", ui.display()))?;
    let is_page = |path: &PathBuf| {
        path.extension()
            .is_some_and(|kind| kind == "html" || kind == "js")
    };
    Ok(entries
        .flatten()
        .map(|entry| entry.path())
        .filter(is_page)
        .collect())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("read \"{}\"", path.display()))
}

/// All files below `folder`, sorted; none when it does not exist.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in
            fs::read_dir(&folder).with_context(|| format!("list \"{}\"", folder.display()))?
        {
            let path = entry
                .with_context(|| format!("list \"{}\"", folder.display()))?
                .path();
            if path.is_dir() {
                open.push(path)
            } else {
                found.push(path)
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_version_is_found_by_the_whole_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"9.9.9\"\n\n[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(
            locked_version(lock, "wasm-bindgen").as_deref(),
            Some("0.2.130")
        );
        assert_eq!(locked_version(lock, "wasm"), None);
    }

    #[test]
    fn the_bindings_tool_is_the_one_the_front_end_was_compiled_for() {
        let lock = fs::read_to_string(workspace::root().join("Cargo.lock")).unwrap();
        let front_end = locked_version(&lock, "wasm-bindgen").unwrap();
        assert_eq!(
            locked_version(&lock, "wasm-bindgen-cli-support").unwrap(),
            front_end
        );
    }

    #[test]
    fn only_what_changed_is_written_again_and_what_is_stale_goes() {
        let folder = tempfile::tempdir().unwrap();
        let [ui, bindings, dist] = ["ui", "bindings", "dist"].map(|name| folder.path().join(name));
        let write = |path: PathBuf, text: &str| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(bindings.join("kubegraf-ui.js"), "js");
        write(bindings.join("kubegraf-ui_bg.wasm"), "wasm");
        write(bindings.join("snippets/a/inline0.js"), "snippet");
        write(ui.join("index.html"), "<html>");
        write(ui.join("boot.js"), "boot");
        write(ui.join("Cargo.toml"), "not a page");
        write(ui.join("styles/20-base.css"), "base\n\n");
        write(ui.join("styles/10-tokens.css"), "tokens");
        write(ui.join("src/components/grid.css"), "grid");
        write(ui.join("src/main.rs"), "not a style");
        write(ui.join("assets/fonts/a.woff2"), "font");
        write(dist.join("assets/old.woff2"), "stale");
        write(folder.path().join("npm/a.mjs"), "vendored");
        let vendored = [("a.mjs", folder.path().join("npm/a.mjs"))];
        lay_out(&ui, &bindings, &vendored, &dist).unwrap();

        let relative = |path: &Path| path.strip_prefix(&dist).unwrap().display().to_string();
        let names: Vec<String> = files(&dist)
            .unwrap()
            .iter()
            .map(|path| relative(path))
            .collect();
        let expect = [
            "assets/fonts/a.woff2",
            "boot.js",
            "index.html",
            "kubegraf-ui.js",
            "kubegraf-ui_bg.wasm",
            "snippets/a/inline0.js",
            "styles.css",
            "vendor/a.mjs",
        ];
        assert_eq!(names, expect);
        assert_eq!(
            fs::read_to_string(dist.join("styles.css")).unwrap(),
            "tokens\nbase\ngrid\n"
        );

        let time = |name: &str| fs::metadata(dist.join(name)).unwrap().modified().unwrap();
        let [page, script, sheet] = ["index.html", "kubegraf-ui.js", "styles.css"].map(time);
        process::pause(std::time::Duration::from_millis(20));
        write(ui.join("styles/20-base.css"), "changed");
        lay_out(&ui, &bindings, &vendored, &dist).unwrap();
        assert_eq!((time("index.html"), time("kubegraf-ui.js")), (page, script));
        assert!(time("styles.css") > sheet);

        write(ui.join("assets/new.png"), "new");
        lay_out(&ui, &bindings, &vendored, &dist).unwrap();
        assert!(
            time("index.html") > page,
            "a new file must be seen by cargo"
        );
    }
}
