//! The command line: `scan` and `fix` without a window, else a few flags and then the window.

use std::{
    ffi::OsString,
    io::{IsTerminal, Write},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context, bail};
use kubegraf_core::{Core, Options, clock::SystemClock, fix, scan};
#[cfg(feature = "wry")]
use tauri::{Manager, RunEvent, WindowEvent};
use tracing_subscriber::EnvFilter;

#[cfg(feature = "wry")]
use crate::placement::Follower;

const HELP: &str = "\
KubeGraf: see what is broken in Kubernetes, and why

Usage: kubegraf [--demo] [--hidden]
       kubegraf --no-login
       kubegraf scan [options]
       kubegraf fix --incident ID | --first [options]

  scan         say what is broken, on the command line; see kubegraf scan --help
  fix          preview or apply the fix of an incident; see kubegraf fix --help
  --demo       start on the embedded demo cluster even if there is a kubeconfig
  --hidden     start in the tray, where the desktop shows one
  --no-login   demand no login any more, for whoever has forgotten the password
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
    Scan,
    Fix,
    NoLogin,
    Window { demo: bool, hidden: bool },
}

/// Runs the program to its end.
pub fn run(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let asked = parse(&mut arguments);
    match asked.and_then(|asked| open(asked, arguments)) {
        Ok(code) => code,
        Err(error) => {
            // Nobody may be reading; there is nothing else to tell them.
            let _ = writeln!(std::io::stderr(), "kubegraf: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// A command's own arguments are left for it.
fn parse(arguments: &mut impl Iterator<Item = OsString>) -> anyhow::Result<Asked> {
    let (mut demo, mut hidden) = (false, false);
    let mut first = true;
    for argument in arguments {
        let command = std::mem::take(&mut first);
        match argument.to_str() {
            Some("scan") if command => return Ok(Asked::Scan),
            Some("fix") if command => return Ok(Asked::Fix),
            Some("--help" | "-h") => return Ok(Asked::Help),
            Some("--version" | "-V") => return Ok(Asked::Version),
            Some("--no-login") => return Ok(Asked::NoLogin),
            Some("--demo") => demo = true,
            Some("--hidden") => hidden = true,
            _ => bail!("unknown argument {argument:?}; see kubegraf --help"),
        }
    }
    Ok(Asked::Window { demo, hidden })
}

fn open(asked: Asked, rest: impl Iterator<Item = OsString>) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout();
    match asked {
        Asked::Help => out.write_all(HELP.as_bytes())?,
        Asked::Version => writeln!(out, "kubegraf {}", env!("CARGO_PKG_VERSION"))?,
        Asked::Scan => return look(rest),
        Asked::Fix => return treat(rest),
        Asked::NoLogin => {
            forget_login()?;
            writeln!(
                out,
                "login is not required any more, from the next start on"
            )?;
        }
        Asked::Window { demo, hidden } => window(demo, hidden)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Scans without a window: nothing here may touch the display.
fn look(arguments: impl Iterator<Item = OsString>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime")?;
    let (mut input, mut out, mut log) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
    let scan = scan::run(arguments, &mut input, &mut out, &mut log, &SystemClock);
    match runtime.block_on(scan) {
        Ok(end) => Ok(ExitCode::from(end.code())),
        // Whoever reads may have seen enough: `kubegraf scan | head`.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error).context("the answer cannot be written"),
    }
}

/// Lets whoever may start the program in again.
fn forget_login() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("no runtime")?;
    let options = Options::from_environment(false).context("no place for the app's data")?;
    let forgotten = runtime.block_on(Core::forget_login(options));
    forgotten.context("the setting cannot be kept")
}

/// Fixes without a window.
fn treat(arguments: impl Iterator<Item = OsString>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("no runtime")?;
    let options = Options::from_environment(false).context("no place for the app's data")?;
    let input = std::io::stdin();
    let (mut out, mut log) = (std::io::stdout(), std::io::stderr());
    let mut input = std::io::BufReader::new(input);
    let fix = fix::run(arguments, options, &mut input, &mut out, &mut log);
    let end = runtime
        .block_on(fix)
        .context("the answer cannot be written")?;
    Ok(ExitCode::from(end.code()))
}

#[cfg(feature = "wry")]
fn window(demo: bool, hidden: bool) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_env("KUBEGRAF_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        .init();
    let options = Options::from_environment(demo).context("no place for the app's data")?;
    let place = Arc::new(Follower::new(options.data_dir.clone()));
    let single = crate::instance::single(&options.data_dir);
    let core =
        tauri::async_runtime::block_on(Core::start(options)).context("the core cannot start")?;
    let (placed, noted) = (Arc::clone(&place), Arc::clone(&place));
    let (shown, told, zoomed, asks) = (core.clone(), core.clone(), core.clone(), core.clone());
    let builder = tauri::Builder::default()
        .plugin(single)
        .plugin(tauri_plugin_dialog::init())
        .plugin(
            tauri_plugin_autostart::Builder::new()
                .arg("--hidden")
                .build(),
        );
    let builder = crate::app::with_updates(builder, None);
    let app = crate::app::builder(builder, core.clone())
        .setup(move |app| {
            if let Some(window) = app.get_webview_window("main") {
                placed.restore(&window);
                #[cfg(target_os = "linux")]
                crate::painting::suit(&window)?;
            }
            // A desktop without a tray has a window all the same.
            if let Err(error) = crate::tray::install(app.handle(), shown) {
                tracing::warn!(%error, "there is no tray icon");
            }
            if hidden {
                let app = app.handle().clone();
                tauri::async_runtime::spawn(async move { crate::desk::start_hidden(&app).await });
            }
            tauri::async_runtime::spawn(crate::alerts::follow(app.handle().clone(), told));
            tauri::async_runtime::spawn(crate::zoom::follow(app.handle().clone(), zoomed));
            tauri::async_runtime::spawn(crate::updates::follow(app.handle().clone(), asks));
            Ok(())
        })
        .on_window_event(move |window, event| match event {
            WindowEvent::Moved(_) | WindowEvent::Resized(_) => noted.note(window),
            WindowEvent::CloseRequested { api, .. } => {
                api.prevent_close();
                let app = window.app_handle().clone();
                tauri::async_runtime::spawn(async move { crate::desk::close(&app).await });
            }
            _ => {}
        })
        .build(tauri::generate_context!())
        .context("the window cannot be opened")?;
    app.run(move |_, event| match event {
        RunEvent::ExitRequested { .. } => place.keep(),
        RunEvent::Exit => tauri::async_runtime::block_on(core.stop()),
        _ => {}
    });
    Ok(())
}

#[cfg(not(feature = "wry"))]
fn window(_: bool, _: bool) -> anyhow::Result<()> {
    bail!("this build has no window (feature \"wry\" is off)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Asked, String> {
        parse(&mut arguments.iter().map(OsString::from)).map_err(|error| error.to_string())
    }

    fn opens(demo: bool, hidden: bool) -> Result<Asked, String> {
        Ok(Asked::Window { demo, hidden })
    }

    #[test]
    fn flags_are_read_and_a_wrong_one_is_named() {
        assert_eq!(parsed(&[]), opens(false, false));
        assert_eq!(parsed(&["--demo"]), opens(true, false));
        assert_eq!(parsed(&["--hidden", "--demo"]), opens(true, true));
        assert_eq!(parsed(&["--no-login"]), Ok(Asked::NoLogin));
        assert_eq!(parsed(&["--demo", "--help"]), Ok(Asked::Help));
        assert_eq!(parsed(&["scan", "--file", "x"]), Ok(Asked::Scan));
        assert_eq!(parsed(&["fix", "--first"]), Ok(Asked::Fix));
        assert!(parsed(&["--demo", "scan"]).unwrap_err().contains("scan"));
        assert!(parsed(&["--dmeo"]).unwrap_err().contains("--dmeo"));
    }
}
