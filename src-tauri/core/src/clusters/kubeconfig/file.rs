//! One kubeconfig file, read with distrust: it may be huge, hostile, half written or no text.
//!
//! What it refers to by a relative path is resolved against its own directory, as kubectl does.

use std::{
    collections::HashSet,
    fs,
    io::{self, Read},
    path::Path,
    sync::LazyLock,
};

use kube::config::Kubeconfig;
use regex::Regex;

/// Larger files are refused unread. 2,000 contexts with their certificates take about 6 MB.
pub(super) const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// Why a file was left out.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// It cannot be opened or read.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    /// A directory, a device, a pipe.
    #[error("it is not a regular file")]
    NotAFile,
    /// Larger than any kubeconfig.
    #[error("it has {0} bytes; a kubeconfig of more than {MAX_BYTES} is not read")]
    TooLarge(u64),
    /// Neither UTF-8 nor UTF-16.
    #[error("it is not text")]
    NotText,
    /// No YAML, or not what a kubeconfig looks like.
    #[error("{message}")]
    Yaml {
        /// Counted from 1.
        line: Option<u32>,
        /// What is wrong, without the file's own values.
        message: String,
    },
    /// Another kind of file.
    #[error("it holds \"{kind}\" of \"{api_version}\", not a kubeconfig")]
    Kind {
        /// What it says it is.
        kind: String,
        /// And of which API.
        api_version: String,
    },
    /// kubectl refuses such a file as well.
    #[error("{part} \"{name}\" is defined twice in it")]
    Duplicate {
        /// `context`, `cluster` or `user`.
        part: &'static str,
        /// Its name.
        name: String,
    },
}

impl Error {
    /// Counted from 1, where it is known.
    pub(super) fn line(&self) -> Option<u32> {
        match self {
            Self::Yaml { line, .. } => *line,
            _ => None,
        }
    }
}

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Kubeconfig, Error> {
    let text = text(path)?;
    let mut config = parse(&text)?;
    check(&config)?;
    if let Some(dir) = path.parent() {
        resolve(&mut config, dir);
    }
    Ok(config)
}

fn text(path: &Path) -> Result<String, Error> {
    // Asked before it is opened: opening a pipe nobody writes to would wait for ever.
    let meta = fs::metadata(path)?;
    if !meta.is_file() {
        return Err(Error::NotAFile);
    }
    if meta.len() > MAX_BYTES {
        return Err(Error::TooLarge(meta.len()));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Error::TooLarge(bytes.len() as u64));
    }
    decode(bytes)
}

/// UTF-8, or UTF-16 with its mark: PowerShell writes the latter.
fn decode(bytes: Vec<u8>) -> Result<String, Error> {
    let utf16 = |unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..]
            .chunks_exact(2)
            .map(|pair| unit([pair[0], pair[1]]))
            .collect();
        String::from_utf16(&units).map_err(|_| Error::NotText)
    };
    match bytes.as_slice() {
        [0xFF, 0xFE, ..] => utf16(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => utf16(u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => {
            String::from_utf8(rest.to_vec()).map_err(|_| Error::NotText)
        }
        _ => String::from_utf8(bytes).map_err(|_| Error::NotText),
    }
}

/// The first document, as kubectl does. The limits end alias bombs and cycles early; a kubeconfig
/// has no use for most of what they forbid.
fn parse(text: &str) -> Result<Kubeconfig, Error> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 500_000,
            max_nodes: 250_000,
            max_depth: 40,
            max_aliases: 10_000,
            max_anchors: 10_000,
            max_documents: 8,
            max_total_scalar_bytes: 2 * MAX_BYTES as usize,
            max_recorded_anchor_events: 50_000,
            max_recorded_anchor_bytes: MAX_BYTES as usize,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 50_000,
            max_replay_stack_depth: 16,
        },
        // A snippet would show a token to whoever reads the message.
        with_snippet: false,
    };
    let documents: Vec<Option<Kubeconfig>> =
        serde_saphyr::from_multiple_with_options(text, options).map_err(|error| {
            let line = error
                .location()
                .and_then(|at| u32::try_from(at.line()).ok())
                .filter(|line| *line > 0);
            Error::Yaml {
                line,
                message: without_values(&error.to_string()),
            }
        })?;
    Ok(documents.into_iter().flatten().next().unwrap_or_default())
}

/// serde quotes what it did not expect, and that may be a password.
fn without_values(message: &str) -> String {
    static VALUE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("(string|character|integer|floating point|boolean|byte array) [\"`][^\"`]*[\"`]")
            .expect("the pattern is well-formed")
    });
    let first = message.lines().next().unwrap_or_default();
    let mut message = VALUE.replace_all(first, "a $1").into_owned();
    if message.len() > 300 {
        let end = message.floor_char_boundary(300);
        message.truncate(end);
        message.push('…');
    }
    message
}

fn check(config: &Kubeconfig) -> Result<(), Error> {
    let kind = config.kind.as_deref().unwrap_or("Config");
    let api_version = config.api_version.as_deref().unwrap_or("v1");
    if (kind, api_version) != ("Config", "v1") {
        return Err(Error::Kind {
            kind: kind.into(),
            api_version: api_version.into(),
        });
    }
    once("context", config.contexts.iter().map(|c| &c.name))?;
    once("cluster", config.clusters.iter().map(|c| &c.name))?;
    once("user", config.auth_infos.iter().map(|u| &u.name))
}

fn once<'a>(part: &'static str, names: impl Iterator<Item = &'a String>) -> Result<(), Error> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            let name = name.clone();
            return Err(Error::Duplicate { part, name });
        }
    }
    Ok(())
}

fn resolve(config: &mut Kubeconfig, dir: &Path) {
    let absolute = |file: &mut Option<String>| {
        let Some(name) = file.as_ref().filter(|name| !name.is_empty()) else {
            return;
        };
        // A path that is no Unicode cannot be told to kube; the relative one then fails by name.
        if let Some(path) = dir.join(name).to_str() {
            *file = Some(path.to_owned());
        }
    };
    for cluster in config
        .clusters
        .iter_mut()
        .filter_map(|c| c.cluster.as_mut())
    {
        absolute(&mut cluster.certificate_authority);
    }
    for user in config
        .auth_infos
        .iter_mut()
        .filter_map(|u| u.auth_info.as_mut())
    {
        absolute(&mut user.client_certificate);
        absolute(&mut user.client_key);
        absolute(&mut user.token_file);
        if let Some(exec) = &mut user.exec
            // A bare name is looked up on the PATH.
            && exec.command.as_ref().is_some_and(|c| c.contains(std::path::is_separator))
        {
            absolute(&mut exec.command);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    /// A second, in a build that is ten times as fast as the one tests run, on cores of their own.
    const BRIEFLY: Duration = Duration::from_secs(10);

    fn refused(bytes: &[u8]) -> Error {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        fs::write(&path, bytes).unwrap();
        let began = Instant::now();
        let error = read(&path).unwrap_err();
        let took = began.elapsed();
        assert!(took < BRIEFLY, "it took {took:?} to refuse the file");
        error
    }

    #[test]
    fn hostile_files_are_refused_by_name_within_a_second() {
        let bomb = (0..40).fold(
            "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(),
            |text, n| {
                let items = vec![format!("*a{n}"); 9].join(", ");
                text + &format!("a{}: &a{} [{items}]\n", n + 1, n + 1)
            },
        );
        assert!(matches!(refused(bomb.as_bytes()), Error::Yaml { .. }));
        assert!(matches!(
            refused(b"a: &a [*a]\n"),
            Error::Yaml { line: Some(1), .. }
        ));
        assert!(matches!(
            refused("[".repeat(1_000_000).as_bytes()),
            Error::Yaml { .. }
        ));
        assert!(matches!(
            refused("- ".repeat(1_000_000).as_bytes()),
            Error::Yaml { .. }
        ));
        assert!(matches!(refused(&[0x80, 0xff, 0, 1, 2]), Error::NotText));
        assert!(matches!(
            refused(b"kind: Pod\napiVersion: v1\n"),
            Error::Kind { .. }
        ));
        let many = "- name: n\n".repeat(700_000);
        refused(format!("contexts:\n{many}").as_bytes());
    }

    #[test]
    fn a_huge_file_and_a_device_are_not_even_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        let file = fs::File::create(&path).unwrap();
        file.set_len(100 * 1024 * 1024).unwrap();
        assert!(matches!(
            read(&path).unwrap_err(),
            Error::TooLarge(104_857_600)
        ));
        assert!(matches!(read(dir.path()).unwrap_err(), Error::NotAFile));
        #[cfg(unix)]
        assert!(matches!(
            read(Path::new("/dev/zero")).unwrap_err(),
            Error::NotAFile
        ));
    }

    #[test]
    fn a_message_names_the_line_and_shows_no_secret() {
        let text = "apiVersion: v1\nkind: Config\nusers:\n- name: me\n  user: hunter2-hunter2\n";
        let error = refused(text.as_bytes());
        assert_eq!(error.line(), Some(5), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
        let twice = "contexts:\n- name: a\n- name: a\n";
        assert_eq!(
            refused(twice.as_bytes()).to_string(),
            "context \"a\" is defined twice in it"
        );
    }

    #[test]
    fn an_empty_file_is_an_empty_kubeconfig_and_paths_are_relative_to_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        fs::write(&path, "").unwrap();
        assert!(read(&path).unwrap().contexts.is_empty());
        let text = "clusters: [{name: c, cluster: {certificate-authority: pki/ca.crt}}]\n\
                    users:\n- name: u\n  user: {tokenFile: /abs/token, exec: {command: ./login, apiVersion: a}}\n\
                    - name: v\n  user: {exec: {command: aws, apiVersion: a}}\n";
        fs::write(&path, text).unwrap();
        let config = read(&path).unwrap();
        let cluster = config.clusters[0].cluster.as_ref().unwrap();
        let ca = dir.path().join("pki/ca.crt");
        assert_eq!(cluster.certificate_authority.as_deref(), ca.to_str());
        let users: Vec<_> = config
            .auth_infos
            .iter()
            .filter_map(|u| u.auth_info.as_ref())
            .collect();
        assert_eq!(users[0].token_file.as_deref(), Some("/abs/token"));
        let command = |n: usize| users[n].exec.as_ref().unwrap().command.clone().unwrap();
        assert_eq!(command(0), dir.path().join("./login").to_str().unwrap());
        assert_eq!(command(1), "aws");
    }

    #[test]
    fn utf_16_as_powershell_writes_it_is_read() {
        let text = "current-context: prod\n";
        let mut bytes = vec![0xFF, 0xFE];
        bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        let config = parse(&decode(bytes).unwrap()).unwrap();
        assert_eq!(config.current_context.as_deref(), Some("prod"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn no_text_makes_the_parser_panic_or_linger(
            pieces in proptest::collection::vec(
                prop_oneof![
                    Just("clusters:\n".to_owned()), Just("- name: a\n".into()), Just("  cluster: ".into()),
                    Just("&a ".into()), Just("*a".into()), Just("<<: *a\n".into()), Just("{".into()), Just("[".into()),
                    Just("!!binary ".into()), Just("|\n".into()), Just("---\n".into()), Just("\t".into()),
                    Just("? ".into()), Just("users:\n".into()), Just(": ".into()), Just("\n".into()), ".{0,12}",
                ],
                0..60,
            ),
        ) {
            let began = Instant::now();
            let _ = parse(&pieces.concat());
            // Such a small text takes microseconds; the rest is for busy cores.
            prop_assert!(began.elapsed() < Duration::from_secs(5));
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(text) = decode(bytes) {
                let _ = parse(&text);
            }
        }
    }
}
