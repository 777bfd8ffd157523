//! Passwords: what is one, and Argon2id over it. Whose it is, is not known here.
//!
//! The parameters are the second recommended option of RFC 9106: 64 MiB, three passes, four lanes, a salt of
//! 16 and a tag of 32 bytes. They stand in every hash, so that others can be chosen later.

use std::sync::Arc;

use argon2::{
    Argon2, Params, PasswordHasher, PasswordVerifier,
    password_hash::{Error as HashError, phc::PasswordHash},
};
use kubegraf_ipc::account::Password;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::OnceCell;

use super::Error;

const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;
/// Bytes of a password.
const LENGTH: std::ops::RangeInclusive<usize> = 10..=1024;

/// Whether this may be the password of the account of a name.
pub(super) fn check(password: &Password, name: &str) -> Result<(), Error> {
    let text = &password.0;
    if !LENGTH.contains(&text.len()) {
        return Err(Error::Password("must have 10 to 1,024 bytes"));
    }
    if text.to_lowercase().contains(&name.to_lowercase()) && text.len() < name.len() + 6 {
        return Err(Error::Password("is little more than the name"));
    }
    let first = text.chars().next();
    if text.chars().all(|c| Some(c) == first) {
        return Err(Error::Password("is one character over and over"));
    }
    Ok(())
}

/// Hashes and compares, away from the threads that answer commands.
#[derive(Default)]
pub(super) struct Hasher {
    /// The hash of a password that nobody knows, for names that nobody has.
    nobody: OnceCell<Arc<str>>,
}

impl Hasher {
    /// Hashes with a fresh salt.
    pub(super) async fn hash(&self, password: Password) -> Result<String, Error> {
        work(move || hash(password.0.as_bytes())).await
    }

    /// Whether this is the password of a hash. Without a hash it never is, and takes as long.
    pub(super) async fn verify(
        &self,
        password: Password,
        hash: Option<String>,
    ) -> Result<bool, Error> {
        let nobody = self.nobody.get_or_try_init(|| async {
            let made = work(|| self::hash(&random::<32>()?)).await;
            made.map(Arc::<str>::from)
        });
        let nobody = Arc::clone(nobody.await?);
        work(move || {
            let known = hash.is_some();
            let against = hash.as_deref().unwrap_or(&nobody);
            let parsed = PasswordHash::new(against).map_err(broken)?;
            match argon()?.verify_password(password.0.as_bytes(), &parsed) {
                Ok(()) => Ok(known),
                Err(HashError::PasswordInvalid) => Ok(false),
                Err(error) => Err(broken(error)),
            }
        })
        .await
    }
}

fn argon() -> Result<Argon2<'static>, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(broken)?;
    Ok(Argon2::from(params))
}

fn hash(password: &[u8]) -> Result<String, Error> {
    let salt = random::<16>()?;
    let hash = argon()?.hash_password_with_salt(password, &salt);
    hash.map(|hash| hash.to_string()).map_err(broken)
}

async fn work<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(broken)?
}

/// Bytes that nobody can foresee.
pub(super) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Error::Hash("the system gives no random numbers".into()))?;
    Ok(bytes)
}

fn broken(error: impl std::fmt::Display) -> Error {
    Error::Hash(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password(text.into())
    }

    /// Covers: AUT-03
    #[tokio::test]
    async fn a_hash_is_argon2id_salted_and_fits_its_password_alone() {
        let hasher = Hasher::default();
        let hash = hasher.hash(password("correct horse")).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=65536,t=3,p=4$"),
            "{hash}"
        );
        assert_ne!(hash, hasher.hash(password("correct horse")).await.unwrap());
        let fits = |text: &str, hash: Option<&str>| {
            hasher.verify(password(text), hash.map(ToOwned::to_owned))
        };
        assert!(fits("correct horse", Some(&hash)).await.unwrap());
        assert!(!fits("correct hors", Some(&hash)).await.unwrap());
        assert!(!fits("correct horse", None).await.unwrap());
        let broken = fits("correct horse", Some("plain")).await;
        assert!(matches!(broken, Err(Error::Hash(_))));
    }

    /// A name that nobody has is compared with a hash of the same cost.
    #[tokio::test]
    async fn nobody_costs_what_somebody_costs() {
        let hasher = Hasher::default();
        let hash = hasher.hash(password("correct horse")).await.unwrap();
        assert!(!hasher.verify(password("x"), None).await.unwrap());
        let nobody = hasher.nobody.get().unwrap();
        let cost = |hash: &str| hash.rsplitn(3, '$').last().map(ToOwned::to_owned);
        assert_eq!(cost(nobody), cost(&hash));
    }

    #[test]
    fn what_is_no_password_is_said_why() {
        for (text, name, why) in [
            ("short", "ada", "10 to 1,024"),
            ("lovelace123", "Lovelace", "the name"),
            ("aaaaaaaaaaaa", "ada", "over and over"),
        ] {
            let refused = check(&password(text), name).unwrap_err().to_string();
            assert!(refused.contains(why), "{refused}");
            assert!(!refused.contains(text), "{refused}");
        }
        assert!(check(&password("correct horse"), "ada").is_ok());
    }
}
