//! Turns the UI's compiled wasm into what a webview loads: `<name>.js` and `<name>_bg.wasm`. Does what `wasm-bindgen-cli` does, with the
//! version that Cargo.lock holds. Knows nothing of where the file came from or where it will be served.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(wasm), Some(folder)) = (arguments.next(), arguments.next()) else {
        bail!("usage: xtask-bindgen WASM FOLDER");
    };
    Bindgen::new()
        .input_path(&wasm)
        .web(true)
        .context("choose the web target")?
        .typescript(false)
        // `init()` without an argument fetches the wasm beside the script.
        .omit_default_module_path(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&folder)
        .with_context(|| format!("make bindings of \"{}\"", wasm.display()))
}
