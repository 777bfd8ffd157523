//! Undo records at rest. They hold pod templates, and those may hold passwords in plain variables: the
//! database keeps them sealed (ChaCha20-Poly1305), the key is a file of its own beside it that its owner
//! alone may read. It protects copies of the database: backups, bug reports, a quarantined file.

use std::{
    fmt, fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};

/// What a sealed record begins with; one that begins otherwise is older than this module.
const MARK: &str = "sealed:1:";
const KEY_LENGTH: usize = 32;

/// Seals and opens records with one key.
pub(super) struct Seal(LessSafeKey);

impl fmt::Debug for Seal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Seal(…)")
    }
}

impl Seal {
    /// With the key beside a database, made where there is none. One that is no key is put aside: what
    /// it sealed cannot be opened any more.
    pub(super) fn beside(database: &Path) -> io::Result<Self> {
        let path = beside(database, ".key");
        match fs::read(&path) {
            Ok(bytes) if bytes.len() == KEY_LENGTH => Ok(Self::with(&bytes)),
            Ok(_) => {
                let aside = beside(database, ".key.bad");
                fs::rename(&path, &aside)?;
                tracing::error!(
                    "the key of the undo records is damaged, what it sealed is lost; it is now \"{}\"",
                    aside.display()
                );
                Self::make(&path)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(&path),
            Err(error) => Err(error),
        }
    }

    /// With a key that ends with the process.
    pub(super) fn fresh() -> io::Result<Self> {
        Ok(Self::with(&random::<KEY_LENGTH>()?))
    }

    fn make(path: &Path) -> io::Result<Self> {
        let key = random::<KEY_LENGTH>()?;
        let mut options = fs::File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.write_all(&key)?;
        file.sync_all()?;
        Ok(Self::with(&key))
    }

    fn with(key: &[u8]) -> Self {
        let key = UnboundKey::new(&CHACHA20_POLY1305, key).expect("the key is 32 bytes long");
        Self(LessSafeKey::new(key))
    }

    /// Whether a stored record is sealed.
    pub(super) fn is_sealed(stored: &str) -> bool {
        stored.starts_with(MARK)
    }

    /// Seals the record of an execution; another execution's is not opened in its place.
    pub(super) fn close(&self, execution: &str, record: &str) -> io::Result<String> {
        let nonce = random::<NONCE_LEN>()?;
        let mut bytes = record.as_bytes().to_vec();
        let sealed = self.0.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(execution.as_bytes()),
            &mut bytes,
        );
        sealed.map_err(|_| io::Error::other("the record is too long to be sealed"))?;
        let whole = [&nonce[..], &bytes].concat();
        Ok(format!("{MARK}{}", STANDARD.encode(whole)))
    }

    /// The record of an execution; `None` where it was sealed with another key or for another one. One
    /// from before they were sealed is given as it is.
    pub(super) fn open(&self, execution: &str, stored: &str) -> Option<String> {
        let Some(text) = stored.strip_prefix(MARK) else {
            return Some(stored.to_owned());
        };
        let mut bytes = STANDARD.decode(text).ok()?;
        let nonce = bytes.get(..NONCE_LEN)?.try_into().ok()?;
        let opened = self.0.open_within(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(execution.as_bytes()),
            &mut bytes,
            NONCE_LEN..,
        );
        String::from_utf8(opened.ok()?.to_vec()).ok()
    }
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| io::Error::other("the system gives no random numbers"))?;
    Ok(bytes)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_opened_with_its_key_for_its_execution_alone() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("kubegraf.db");
        let seal = Seal::beside(&database).unwrap();
        let stored = seal.close("e1", "PASSWORD=hunter2").unwrap();
        assert!(Seal::is_sealed(&stored) && !stored.contains("hunter2"));
        assert_ne!(stored, seal.close("e1", "PASSWORD=hunter2").unwrap());
        let again = Seal::beside(&database).unwrap();
        assert_eq!(
            again.open("e1", &stored).as_deref(),
            Some("PASSWORD=hunter2")
        );
        assert_eq!(again.open("e2", &stored), None);
        assert_eq!(Seal::fresh().unwrap().open("e1", &stored), None);
        assert_eq!(
            again.open("e1", "{\"way\":\"delete\"}").as_deref(),
            Some("{\"way\":\"delete\"}")
        );
        let mut changed = stored;
        changed.replace_range(MARK.len() + 30..MARK.len() + 31, "_");
        assert_eq!(again.open("e1", &changed), None);
    }

    #[test]
    fn a_damaged_key_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("kubegraf.db");
        fs::write(folder.path().join("kubegraf.db.key"), b"short").unwrap();
        let seal = Seal::beside(&database).unwrap();
        let stored = seal.close("e1", "x").unwrap();
        assert_eq!(
            Seal::beside(&database)
                .unwrap()
                .open("e1", &stored)
                .as_deref(),
            Some("x")
        );
        assert_eq!(
            fs::read(folder.path().join("kubegraf.db.key.bad")).unwrap(),
            b"short"
        );
    }

    #[cfg(unix)]
    #[test]
    fn the_key_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        Seal::beside(&folder.path().join("db")).unwrap();
        let mode = fs::metadata(folder.path().join("db.key"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
