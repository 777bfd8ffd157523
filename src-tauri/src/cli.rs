//! The command line: a few flags, then the window.

use std::{
    ffi::OsString,
    io::{IsTerminal, Write},
    process::ExitCode,
};

use anyhow::{Context, bail};
use kubegraf_core::{Core, Options};
use tauri::RunEvent;
use tracing_subscriber::EnvFilter;

const HELP: &str = "\
KubeGraf: see what is broken in Kubernetes, and why

Usage: kubegraf [--demo]

  --demo       start on the embedded demo cluster even if there is a kubeconfig
  --version    print the version
  --help       print this

KUBECONFIG is read as kubectl reads it. KUBEGRAF_DATA_DIR moves the app's data.
KUBEGRAF_LOG sets what is logged (default: info), in the syntax of tracing's EnvFilter.
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Help,
    Version,
    Window { demo: bool },
}

/// Runs the program to its end.
pub fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    match parse(arguments).and_then(open) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody may be reading; there is nothing else to tell them.
            let _ = writeln!(std::io::stderr(), "kubegraf: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn parse(arguments: impl Iterator<Item = OsString>) -> anyhow::Result<Asked> {
    let mut asked = Asked::Window { demo: false };
    for argument in arguments {
        asked = match argument.to_str() {
            Some("--help" | "-h") => return Ok(Asked::Help),
            Some("--version" | "-V") => return Ok(Asked::Version),
            Some("--demo") => Asked::Window { demo: true },
            _ => bail!("unknown argument {argument:?}; see kubegraf --help"),
        };
    }
    Ok(asked)
}

fn open(asked: Asked) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    match asked {
        Asked::Help => Ok(out.write_all(HELP.as_bytes())?),
        Asked::Version => Ok(writeln!(out, "kubegraf {}", env!("CARGO_PKG_VERSION"))?),
        Asked::Window { demo } => window(demo),
    }
}

#[cfg(feature = "wry")]
fn window(demo: bool) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_env("KUBEGRAF_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        .init();
    let options = Options::from_environment(demo).context("no place for the app's data")?;
    let core =
        tauri::async_runtime::block_on(Core::start(options)).context("the core cannot start")?;
    let app = crate::app::builder(tauri::Builder::default(), core.clone())
        .build(tauri::generate_context!())
        .context("the window cannot be opened")?;
    app.run(move |_, event| {
        if matches!(event, RunEvent::Exit) {
            tauri::async_runtime::block_on(core.stop());
        }
    });
    Ok(())
}

#[cfg(not(feature = "wry"))]
fn window(_: bool) -> anyhow::Result<()> {
    bail!("this build has no window (feature \"wry\" is off)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Asked, String> {
        parse(arguments.iter().map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn flags_are_read_and_a_wrong_one_is_named() {
        assert_eq!(parsed(&[]), Ok(Asked::Window { demo: false }));
        assert_eq!(parsed(&["--demo"]), Ok(Asked::Window { demo: true }));
        assert_eq!(parsed(&["--demo", "--help"]), Ok(Asked::Help));
        assert!(parsed(&["--dmeo"]).unwrap_err().contains("--dmeo"));
    }
}
