//! Where things are: the checkout, the target directories, the cache that outlives a checkout. Creates nothing but folders.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The root of the checkout.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("xtask lies two folders below the root")
}

/// The target directory of the host's builds: the one this very tool was built in, so that no setting of cargo's is read twice.
#[must_use]
pub fn target() -> PathBuf {
    let built_in = env::current_exe().ok().and_then(|exe| {
        let folder = exe
            .ancestors()
            .find(|folder| folder.join("CACHEDIR.TAG").is_file())?;
        Some(folder.to_owned())
    });
    built_in
        .or_else(|| env::var_os("CARGO_TARGET_DIR").map(|folder| root().join(folder)))
        .unwrap_or_else(|| root().join("target"))
}

/// The target directory of the wasm builds, apart because another compiler may fill it.
#[must_use]
pub fn wasm_target() -> PathBuf {
    target().join("wasm")
}

/// What this tool remembers between runs, created on demand.
///
/// # Errors
/// The folder cannot be created.
pub fn notes() -> Result<PathBuf> {
    folder(target().join("xtask"))
}

/// The cache that every checkout of this user shares, created on demand: tools and packages that are the same everywhere.
///
/// # Errors
/// Neither `XDG_CACHE_HOME` nor `HOME` is set, or the folder cannot be created.
pub fn cache() -> Result<PathBuf> {
    let base = env::var_os("XDG_CACHE_HOME")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".cache")))
        .context("no home directory: set HOME or XDG_CACHE_HOME")?;
    folder(base.join("kubegraf"))
}

/// Creates `path` if it is missing and hands it back.
///
/// # Errors
/// The folder cannot be created.
pub fn folder(path: PathBuf) -> Result<PathBuf> {
    fs::create_dir_all(&path).with_context(|| format!("create \"{}\"", path.display()))?;
    Ok(path)
}

/// The cargo that runs this tool, so that a `cargo +toolchain xtask` stays with its toolchain.
#[must_use]
pub fn cargo() -> std::process::Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = std::process::Command::new(program);
    command
        .current_dir(root())
        .env("CARGO_TARGET_DIR", target());
    // The cargo that runs this program told it about itself. Build scripts that watch these would
    // run again, and half the tree with them, each time another cargo comes along.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&*name);
        }
    }
    command
}
