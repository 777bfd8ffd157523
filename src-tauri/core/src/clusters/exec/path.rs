//! Where programs are looked for: an app that is started from a desktop does not have the PATH a
//! person's shell has, so the login shell is asked once.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::OnceCell;

/// The PATH programs are started with. Clones share one answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct SearchPath(Arc<OnceCell<OsString>>);

impl SearchPath {
    /// A known one.
    #[cfg(test)]
    pub(crate) fn of(path: impl Into<OsString>) -> Self {
        Self(Arc::new(OnceCell::new_with(Some(path.into()))))
    }

    /// The login shell's directories and then those of this process, each once.
    pub(crate) async fn get(&self) -> OsString {
        self.0
            .get_or_init(|| async {
                let own = env::var_os("PATH").unwrap_or_default();
                let asked = shell::path().await.unwrap_or_default();
                joined(&asked, &own)
            })
            .await
            .clone()
    }
}

fn joined(first: &OsStr, second: &OsStr) -> OsString {
    let mut dirs: Vec<PathBuf> = Vec::new();
    for dir in env::split_paths(first).chain(env::split_paths(second)) {
        if !dir.as_os_str().is_empty() && !dirs.contains(&dir) {
            dirs.push(dir);
        }
    }
    env::join_paths(dirs).unwrap_or_else(|_| second.to_owned())
}

/// The file that would run.
pub(super) fn find(command: &str, path: &OsStr) -> Option<PathBuf> {
    if command.is_empty() {
        return None;
    }
    if command.contains(std::path::is_separator) {
        let file = Path::new(command);
        return runs(file).then(|| file.to_owned());
    }
    env::split_paths(path)
        // A relative directory would be one of wherever the app was started.
        .filter(|dir| dir.is_absolute())
        .flat_map(|dir| names(command).into_iter().map(move |name| dir.join(name)))
        .find(|file| runs(file))
}

#[cfg(unix)]
fn names(command: &str) -> Vec<String> {
    vec![command.to_owned()]
}

#[cfg(not(unix))]
fn names(command: &str) -> Vec<String> {
    let endings = env::var("PATHEXT").unwrap_or_else(|_| ".EXE;.CMD;.BAT".into());
    let with = endings
        .split(';')
        .map(|ending| format!("{command}{ending}"));
    std::iter::once(command.to_owned()).chain(with).collect()
}

#[cfg(unix)]
fn runs(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn runs(file: &Path) -> bool {
    file.is_file()
}

#[cfg(unix)]
mod shell {
    use std::{
        ffi::OsString,
        os::unix::ffi::{OsStrExt, OsStringExt},
        time::Duration,
    };

    use super::super::process;

    /// A profile that asks something, or fetches something, is not waited for longer.
    const PATIENCE: Duration = Duration::from_secs(5);
    /// Around the answer, since profiles greet people.
    const MARK: &[u8] = b"KUBEGRAF-PATH:";

    pub(super) async fn path() -> Option<OsString> {
        let shell = std::env::var_os("SHELL").filter(|shell| !shell.is_empty())?;
        let mut command = tokio::process::Command::new(&shell);
        command.args(["-lc", "printf '\\nKUBEGRAF-PATH:%s\\n' \"$PATH\""]);
        let name = shell.to_string_lossy().into_owned();
        match process::run(command, &name, PATIENCE).await {
            Ok(ended) => said(&ended.stdout),
            Err(error) => {
                tracing::warn!(%error, "the login shell does not tell its PATH");
                None
            }
        }
    }

    pub(super) fn said(output: &[u8]) -> Option<OsString> {
        let line = output
            .split(|byte| *byte == b'\n')
            .rev()
            .find_map(|line| line.strip_prefix(MARK))?;
        let path = OsString::from_vec(line.to_vec());
        (!path.as_bytes().is_empty()).then_some(path)
    }
}

#[cfg(not(unix))]
mod shell {
    use std::ffi::OsString;

    /// A desktop's programs have the user's PATH there.
    pub(super) async fn path() -> Option<OsString> {
        None
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_in_a_profile_does_not_get_into_the_path() {
        let said = shell::said(b"Welcome, KUBEGRAF-PATH fan!\n\nKUBEGRAF-PATH:/a:/b\nbye\n");
        assert_eq!(said, Some("/a:/b".into()));
        assert_eq!(shell::said(b"command not found\n"), None);
        assert_eq!(joined("/a:/b".as_ref(), "/b:/c".as_ref()), "/a:/b:/c");
    }

    #[tokio::test]
    async fn the_login_shell_is_asked_and_a_program_is_found_on_its_path() {
        let path = SearchPath::default().get().await;
        assert!(find("sh", &path).is_some(), "{path:?}");
        assert_eq!(find("sh", "relative:dir".as_ref()), None);
        let plain = tempfile::NamedTempFile::new().unwrap();
        let plain = plain.path().to_str().unwrap();
        assert_eq!(find(plain, &path), None, "it cannot be executed");
    }
}
