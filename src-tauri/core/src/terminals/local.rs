//! A shell of this machine on a pseudo-terminal.
//!
//! Its tools speak to the cluster that was active when it was opened: a private file in front of
//! the user's kubeconfigs names the context. No credential is copied.

use std::{
    env,
    fs::{self, OpenOptions},
    io::{Read, Write},
    path::{Path, PathBuf},
    thread,
};

use kubegraf_ipc::{
    Code, Error,
    terminal::{Shell, TerminalEnd, TerminalSize},
};
use portable_pty::{ChildKiller, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tokio::sync::{mpsc, oneshot};

use super::{FLOOD, GATHER, Input, Line, MOST_SAID_AT_ONCE};

/// Shells that are looked for, the most comfortable first.
const KNOWN: &[&str] = &[
    "zsh",
    "bash",
    "fish",
    "pwsh",
    "powershell",
    "ksh",
    "dash",
    "sh",
    "cmd",
];
/// Bytes read at once.
const PIECE: usize = 32 << 10;
/// Pieces between the reader and the window.
const PIECES: usize = 64;

/// The shells of this machine: the user's own, and those on the PATH.
pub(crate) fn shells() -> Vec<Shell> {
    let own = env::var_os(if cfg!(windows) { "COMSPEC" } else { "SHELL" }).map(PathBuf::from);
    let own = own.filter(|path| path.is_file());
    let mut shells: Vec<Shell> = own.iter().map(|path| shell(path, true)).collect();
    let path = env::var_os("PATH").unwrap_or_default();
    for name in KNOWN {
        let file = if cfg!(windows) {
            format!("{name}.exe")
        } else {
            (*name).to_owned()
        };
        let found = env::split_paths(&path)
            .map(|folder| folder.join(&file))
            .find(|p| p.is_file());
        let Some(found) = found else { continue };
        if shells.iter().all(|known| known.name != *name) {
            shells.push(shell(&found, false));
        }
    }
    if let Some(first) = shells.first_mut() {
        first.is_default = true;
    }
    shells
}

fn shell(path: &Path, is_default: bool) -> Shell {
    let name = path.file_stem().unwrap_or_default();
    Shell {
        name: name.to_string_lossy().into_owned(),
        path: path.display().to_string(),
        is_default,
    }
}

/// The file that names a context; it goes with the terminal.
struct ContextFile(PathBuf);

impl ContextFile {
    fn write(folder: &Path, context: &str) -> std::io::Result<Self> {
        let path = folder.join(format!("terminal-{}.yaml", uuid::Uuid::new_v4()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path)?;
        let own = Self(path);
        // JSON is YAML, and quotes any name.
        let text =
            serde_json::json!({ "apiVersion": "v1", "kind": "Config", "current-context": context });
        file.write_all(text.to_string().as_bytes())?;
        Ok(own)
    }
}

impl Drop for ContextFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Ends the shell, and with it what it runs.
struct Killed(Box<dyn ChildKiller + Send + Sync>);

impl Drop for Killed {
    fn drop(&mut self) {
        // One that has ended already is fine.
        let _ = self.0.kill();
    }
}

/// A running shell.
pub(crate) struct Local {
    master: Box<dyn MasterPty + Send>,
    output: mpsc::Receiver<Vec<u8>>,
    input: mpsc::Sender<Vec<u8>>,
    exit: oneshot::Receiver<i32>,
    _killed: Killed,
    _context: Option<ContextFile>,
}

impl Local {
    /// Starts a shell of [`shells`]; `context` names what its tools speak to, and the kubeconfigs
    /// that define it.
    ///
    /// # Errors
    /// When there is no such shell, or the system refuses.
    pub(crate) fn start(
        wanted: Option<&str>,
        size: TerminalSize,
        context: Option<(&str, &[PathBuf])>,
        folder: &Path,
    ) -> Result<Self, Error> {
        let known = shells();
        let found = known.iter().find(|shell| match wanted {
            Some(path) => shell.path == path,
            None => shell.is_default,
        });
        // Only what was found is run: the window names no programs.
        let Some(shell) = found else {
            let message = format!(
                "\"{}\" is no shell of this machine",
                wanted.unwrap_or_default()
            );
            return Err(Error::new(Code::NotFound, message));
        };
        let refused = |what: &str, error: &dyn std::fmt::Display| {
            Error::new(
                Code::Internal,
                format!("\"{}\" {what}: {error}", shell.path),
            )
        };
        let mut command = CommandBuilder::new(&shell.path);
        if !cfg!(windows) {
            command.arg("-l");
        }
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        if let Some(home) = dirs::home_dir() {
            command.cwd(home);
        }
        let context = match context {
            Some((name, files)) => {
                let file = ContextFile::write(folder, name);
                let file = file.map_err(|error| refused("gets no kubeconfig", &error))?;
                let list = std::iter::once(&file.0).chain(files);
                let list = env::join_paths(list);
                let list = list.map_err(|error| refused("gets no kubeconfig", &error))?;
                command.env("KUBECONFIG", list);
                Some(file)
            }
            None => None,
        };
        let pair = native_pty_system()
            .openpty(pty_size(size))
            .map_err(|error| refused("gets no terminal", &error))?;
        let mut child = pair
            .slave
            .spawn_command(command)
            .map_err(|error| refused("cannot be started", &error))?;
        drop(pair.slave);
        let killed = Killed(child.clone_killer());
        let reader = pair.master.try_clone_reader();
        let mut reader = reader.map_err(|error| refused("cannot be read", &error))?;
        let writer = pair.master.take_writer();
        let mut writer = writer.map_err(|error| refused("cannot be written to", &error))?;
        let (read, output) = mpsc::channel(PIECES);
        let (input, mut typed) = mpsc::channel::<Vec<u8>>(PIECES);
        let (ended, exit) = oneshot::channel();
        // The system's terminals block; each direction has a thread that ends with the shell.
        thread::spawn(move || {
            let mut buffer = vec![0; PIECE];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if read.blocking_send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        thread::spawn(move || {
            while let Some(bytes) = typed.blocking_recv() {
                if writer
                    .write_all(&bytes)
                    .and_then(|()| writer.flush())
                    .is_err()
                {
                    break;
                }
            }
        });
        thread::spawn(move || {
            let code = child
                .wait()
                .map_or(-1, |status| i32::try_from(status.exit_code()).unwrap_or(-1));
            let _ = ended.send(code);
        });
        Ok(Self {
            master: pair.master,
            output,
            input,
            exit,
            _killed: killed,
            _context: context,
        })
    }

    /// Runs until the shell or the person ends it.
    pub(crate) async fn run(self, line: Line) {
        let Self {
            master,
            output: mut written,
            input: typed,
            exit,
            _killed,
            _context,
        } = self;
        let Line {
            mut input,
            mut output,
        } = line;
        let up = async move {
            while let Some(input) = input.recv().await {
                match input {
                    Input::Size(size) => {
                        // A shell that has just ended has no size.
                        let _ = master.resize(pty_size(size));
                    }
                    Input::Text(text) => {
                        if typed.send(text.into_bytes()).await.is_err() {
                            return;
                        }
                    }
                }
            }
        };
        let down = async {
            while let Some(mut bytes) = written.recv().await {
                // The system hands over 4 KiB at once; a message for each would be the bottleneck.
                if bytes.len() >= FLOOD {
                    tokio::time::sleep(GATHER).await;
                    while bytes.len() < MOST_SAID_AT_ONCE {
                        match written.try_recv() {
                            Ok(more) => bytes.extend_from_slice(&more),
                            Err(_) => break,
                        }
                    }
                }
                if !output.say(&bytes).await {
                    return;
                }
            }
        };
        tokio::select! {
            () = up => return,
            () = down => {}
        }
        let exit_code = exit.await.ok();
        output.end(&TerminalEnd {
            exit_code,
            reason: None,
        });
    }
}

fn pty_size(size: TerminalSize) -> PtySize {
    PtySize {
        rows: size.rows,
        cols: size.columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{
        sync::{Arc, Mutex},
        time::{Duration, Instant},
    };

    use kubegraf_ipc::terminal::{OUTPUT, TerminalBytes};

    use super::*;
    use crate::{
        task::TaskGuard,
        terminals::{Terminal, line},
    };

    const SIZE: TerminalSize = TerminalSize {
        columns: 80,
        rows: 24,
    };

    type Said = Arc<Mutex<(String, Option<TerminalEnd>)>>;

    fn open(context: Option<(&str, &[PathBuf])>, folder: &Path) -> (Terminal, Said, TaskGuard) {
        let said = Said::default();
        let told = Arc::clone(&said);
        let sink = Box::new(move |bytes: TerminalBytes| {
            let mut told = told.lock().unwrap();
            if bytes.0[0] == OUTPUT {
                told.0.push_str(&String::from_utf8_lossy(&bytes.0[1..]));
            } else {
                told.1 = serde_json::from_slice(&bytes.0[1..]).ok();
            }
            true
        });
        let sh = shells()
            .into_iter()
            .find(|shell| matches!(&*shell.name, "sh" | "dash"))
            .unwrap();
        let (terminal, line) = line(sink);
        let local = Local::start(Some(&sh.path), SIZE, context, folder).unwrap();
        (terminal, said, TaskGuard::spawn(local.run(line)))
    }

    async fn until(said: &Said, what: &str, test: impl Fn(&(String, Option<TerminalEnd>)) -> bool) {
        let since = Instant::now();
        while !test(&said.lock().unwrap()) {
            assert!(
                since.elapsed() < Duration::from_secs(20),
                "no {what}: {:?}",
                said.lock().unwrap()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Covers: TRM-01, TRM-06
    #[tokio::test]
    async fn a_shell_runs_is_resized_and_tells_its_exit_code() {
        let folder = tempfile::tempdir().unwrap();
        let (terminal, said, _work) = open(None, folder.path());
        terminal
            .typed("echo $((6*7)); stty size\n".into())
            .await
            .unwrap();
        until(&said, "answer", |said| {
            said.0.contains("42") && said.0.contains("24 80")
        })
        .await;
        let size = TerminalSize {
            columns: 132,
            rows: 50,
        };
        terminal.resize(size).await.unwrap();
        terminal.typed("stty size\n".into()).await.unwrap();
        until(&said, "new size", |said| said.0.contains("50 132")).await;
        terminal.typed("exit 7\n".into()).await.unwrap();
        until(&said, "end", |said| {
            said.1.as_ref().is_some_and(|end| end.exit_code == Some(7))
        })
        .await;
    }

    #[tokio::test]
    async fn its_tools_speak_to_the_context_and_the_file_goes_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let files = [PathBuf::from("/home/ada/.kube/config")];
        let (terminal, said, work) = open(Some(("prod \"eu\"", &files)), folder.path());
        terminal
            .typed("echo [$KUBECONFIG]; cat ${KUBECONFIG%%:*}\n".into())
            .await
            .unwrap();
        until(&said, "kubeconfig", |said| {
            said.0.contains(":/home/ada/.kube/config]")
                && said.0.contains(r#""current-context":"prod \"eu\"""#)
        })
        .await;
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        drop(work);
        let since = Instant::now();
        while fs::read_dir(folder.path()).unwrap().count() > 0 {
            assert!(since.elapsed() < Duration::from_secs(5), "the file stays");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test]
    async fn a_flood_is_stopped_by_a_key_and_only_shells_are_run() {
        let folder = tempfile::tempdir().unwrap();
        let (terminal, said, _work) = open(None, folder.path());
        terminal.typed("yes\n".into()).await.unwrap();
        until(&said, "flood", |said| said.0.len() > 200_000).await;
        // The window draws nothing any more: the flood stands still.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let still = said.lock().unwrap().0.len();
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(said.lock().unwrap().0.len(), still, "nothing holds it back");
        terminal.typed("\u{3}".into()).await.unwrap();
        terminal.typed("echo a''live\n".into()).await.unwrap();
        let since = Instant::now();
        while !said.lock().unwrap().0.contains("alive") {
            terminal.drawn(1 << 16);
            assert!(
                since.elapsed() < Duration::from_secs(10),
                "it does not answer"
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for path in ["/bin/cat", "", "sh -c true"] {
            let refused = Local::start(Some(path), SIZE, None, folder.path());
            assert!(refused.is_err(), "{path} was run");
        }
    }
}
