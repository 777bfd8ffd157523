//! Sessions: a window's token, how long it holds, and its renewal.

use std::fmt;

use kubegraf_ipc::account::Account;
use sha2::{Digest, Sha256};

use super::{Accounts, Error, Judged, password};

/// Seconds a session holds without being used.
pub(super) const IDLE: i64 = 12 * 60 * 60;
/// Seconds a session holds at most.
pub(super) const LONGEST: i64 = 30 * 24 * 60 * 60;
/// Seconds after which a used token is replaced by another.
pub(super) const RENEW: i64 = 60 * 60;
/// Uses are written down this far apart, seconds.
const NOTED: i64 = 60;

/// What opens a session. It is never written down and never printed.
pub(super) struct Token([u8; 32]);

impl Token {
    fn fresh() -> Result<Self, Error> {
        password::random().map(Self)
    }

    /// What the store knows it by.
    pub(super) fn hash(&self) -> String {
        digest(&self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// SHA-256, as hexadecimal digits.
pub(super) fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Accounts {
    /// Opens a session in a window; one that was open there ends.
    pub(super) async fn begin_session(&self, window: &str, user: &Judged) -> Result<(), Error> {
        let token = Token::fresh()?;
        let now = self.clock.epoch_seconds();
        let mut windows = self.windows.lock().await;
        if let Some(former) = windows.remove(window) {
            self.store.end_session(&former.hash()).await?;
        }
        self.store
            .begin_session(&token.hash(), user.id, now)
            .await?;
        windows.insert(window.to_owned(), token);
        Ok(())
    }

    /// Who is signed in in a window, and when the session ends by itself. `used`: whether this look is
    /// a use, which keeps it open and renews its token now and then.
    pub(super) async fn session(
        &self,
        window: &str,
        used: bool,
    ) -> Result<Option<(Account, i64)>, Error> {
        let now = self.clock.epoch_seconds();
        // Held to the end: another look would ask with a token that is being replaced.
        let mut windows = self.windows.lock().await;
        let Some(token) = windows.get(window) else {
            return Ok(None);
        };
        let hash = token.hash();
        let found = self.store.session(&hash).await?;
        let Some(session) = found.filter(|session| holds(session.created_at, session.used_at, now))
        else {
            windows.remove(window);
            self.store.end_session(&hash).await?;
            return Ok(None);
        };
        let mut used_at = session.used_at;
        if used && now - session.renewed_at >= RENEW {
            let fresh = Token::fresh()?;
            self.store.renew_session(&hash, &fresh.hash(), now).await?;
            windows.insert(window.to_owned(), fresh);
            used_at = now;
        } else if used && now - session.used_at >= NOTED {
            self.store.use_session(&hash, now).await?;
            used_at = now;
        }
        let ends = (used_at + IDLE).min(session.created_at + LONGEST);
        Ok(Some((session.account, ends)))
    }
}

const fn holds(created_at: i64, used_at: i64, now: i64) -> bool {
    now < created_at + LONGEST && now < used_at + IDLE
}
