//! How Rust is compiled to wasm32 on this machine: with rustup's target, or, where rustup cannot fetch it, with Debian's compiler and
//! library sources. Knows nothing of what is compiled.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{install, process, workspace};

/// The target's name.
pub const TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN_COMPILER: &str = "/usr/bin/rustc";
const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";

/// The compiler that builds wasm.
#[derive(Debug, PartialEq, Eq)]
pub enum Route {
    /// The toolchain in use has the target's standard library.
    Rustup,
    /// Debian's compiler builds the standard library itself and borrows this linker of the toolchain in use.
    Debian {
        /// `rust-lld`.
        linker: PathBuf,
    },
}

impl Route {
    /// Finds the route, installing what it needs: rustup's first, Debian's when that fails. What worked is remembered, so that
    /// a machine without rustup's servers does not wait for them at every run.
    ///
    /// # Errors
    /// Neither way works; the message names both.
    pub fn find() -> Result<Self> {
        let asked = env::var("KUBEGRAF_WASM").unwrap_or_default();
        match asked.as_str() {
            "" => {}
            "debian" => return Self::debian(),
            other => bail!("KUBEGRAF_WASM is \"{other}\": only \"debian\" can be asked for"),
        }
        if rustup_has_target() {
            return Ok(Self::Rustup);
        }
        let remembered = workspace::notes()?.join("wasm-by-debian");
        if remembered.exists() && Path::new(DEBIAN_SOURCE).exists() {
            return Self::debian();
        }
        eprintln!("the {TARGET} target is missing: adding it with rustup");
        let mut add = Command::new("rustup");
        add.args(["target", "add", TARGET]);
        if process::find("rustup").is_some() && process::succeeds(&mut add) && rustup_has_target() {
            return Ok(Self::Rustup);
        }
        eprintln!("rustup could not add it: trying Debian's rustc-web and rust-web-src");
        let route = Self::debian()?;
        fs::write(&remembered, "")
            .with_context(|| format!("write \"{}\"", remembered.display()))?;
        Ok(route)
    }

    fn debian() -> Result<Self> {
        let there = || Path::new(DEBIAN_COMPILER).exists() && Path::new(DEBIAN_SOURCE).exists();
        let installed = there() || (install::packages(&["rustc-web", "rust-web-src"]) && there());
        if !installed {
            bail!(
                "no {TARGET} standard library: run `rustup target add {TARGET}`, or on Debian `sudo apt-get install -y rustc-web rust-web-src`"
            );
        }
        let linker = sysroot()?
            .join("lib/rustlib")
            .join(host()?)
            .join("bin/rust-lld");
        if !linker.exists() {
            bail!(
                "\"{}\" is missing: reinstall the toolchain with rustup",
                linker.display()
            );
        }
        Ok(Self::Debian { linker })
    }

    /// Makes `cargo` build for wasm by this route. The caller gives it a target directory of its own.
    pub fn apply(&self, cargo: &mut Command) {
        if let Self::Debian { linker } = self {
            cargo
                .env("RUSTC", DEBIAN_COMPILER)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        cargo.args(["--target", TARGET]);
    }

    /// The folder in the target directory that keeps this compiler's work apart from the other's.
    #[must_use]
    pub fn target_dir(&self) -> PathBuf {
        match self {
            Self::Rustup => workspace::wasm_target(),
            Self::Debian { .. } => workspace::wasm_target().join("debian"),
        }
    }
}

/// Whether the toolchain in use can compile for wasm.
#[must_use]
pub fn rustup_has_target() -> bool {
    let library = sysroot().map(|root| root.join("lib/rustlib").join(TARGET).join("lib"));
    let Ok(entries) = library.and_then(|folder| Ok(fs::read_dir(folder)?)) else {
        return false;
    };
    entries
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
}

fn sysroot() -> Result<PathBuf> {
    let said = process::capture(Command::new("rustc").args(["--print", "sysroot"]))?;
    Ok(PathBuf::from(said.trim()))
}

fn host() -> Result<String> {
    let said = process::capture(Command::new("rustc").arg("-vV"))?;
    let line = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(line.context("\"rustc -vV\" names no host")?.to_owned())
}
