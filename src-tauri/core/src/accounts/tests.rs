//! Accounts on a real file, with a clock that is moved by hand.

use std::{
    path::Path,
    sync::atomic::{AtomicI64, Ordering},
};

use time::OffsetDateTime;

use super::*;

const START: i64 = 1_800_000_000;
const RIGHT: &str = "correct horse battery";

#[derive(Debug)]
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

struct Bench {
    accounts: Accounts,
    clock: Arc<Hand>,
}

impl Bench {
    /// The app starts, `later` seconds after the beginning.
    async fn start(folder: &Path, later: i64) -> Self {
        let clock = Arc::new(Hand(AtomicI64::new(START + later)));
        let opened = Store::open(&folder.join("kubegraf.db"), clock.now()).await;
        let accounts = Accounts::new(
            opened.unwrap().0,
            Arc::clone(&clock) as Arc<dyn Clock>,
            "root".into(),
        );
        accounts.end_sessions().await.unwrap();
        Self { accounts, clock }
    }

    /// The same, with an admin "Ada" and login required.
    async fn with_ada(folder: &Path) -> Self {
        let bench = Self::start(folder, 0).await;
        let ada = bench.accounts.register("Ada", "ada@example.org", right());
        assert_eq!(ada.await.unwrap().role, Role::Admin);
        bench.accounts.set_required("root", true).await.unwrap();
        bench
    }

    fn later(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    async fn login(&self, name: &str, password: &str) -> Result<(), Error> {
        let password = Password(password.into());
        self.accounts.login("main", name, password).await
    }

    async fn signed_in(&self, window: &str) -> Option<String> {
        let state = self.accounts.state(window).await.unwrap();
        state.account.map(|account| account.name)
    }

    async fn trail(&self) -> Vec<(String, String)> {
        let rows = self.accounts.store.audit(None, 100).await.unwrap();
        let row = |row: crate::store::AuditRow| (row.entry.who, row.entry.what);
        rows.into_iter().map(row).collect()
    }
}

fn right() -> Password {
    Password(RIGHT.into())
}

/// Covers: AUT-11
#[tokio::test]
async fn nobody_is_asked_until_somebody_wants_it() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::start(folder.path(), 0).await;
    let profile = bench.accounts.account("main", true).await.unwrap();
    assert_eq!(
        (profile.name.as_str(), profile.role, profile.local),
        ("root", Role::Admin, true)
    );
    let nobody = bench.accounts.set_required("root", true).await;
    assert!(matches!(nobody, Err(Error::NoAdmin)), "{nobody:?}");
    assert_eq!(bench.signed_in("main").await.as_deref(), Some("root"));
}

/// Covers: AUT-01, AUT-02, AUT-04, AUT-05
#[tokio::test]
async fn a_session_holds_while_it_is_used_and_is_renewed() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::with_ada(folder.path()).await;
    assert_eq!(bench.signed_in("main").await, None);
    let out = bench.accounts.account("main", true).await;
    assert!(matches!(out, Err(Error::SignedOut)));
    bench.login(" aDA ", RIGHT).await.unwrap();
    assert_eq!(bench.signed_in("main").await.as_deref(), Some("Ada"));
    assert_eq!(bench.signed_in("other").await, None, "another window");

    let first = bench.accounts.windows.lock().await["main"].hash();
    for _ in 0..4 {
        bench.later(session::IDLE - 1);
        bench.accounts.account("main", true).await.unwrap();
    }
    let later = bench.accounts.windows.lock().await["main"].hash();
    assert_ne!(first, later, "a used token is replaced");
    assert!(
        bench
            .accounts
            .store
            .session(&first)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(bench.accounts.open_sessions().await.unwrap(), 1);

    bench.accounts.account("main", false).await.unwrap();
    bench.later(session::IDLE - 1);
    bench.accounts.account("main", false).await.unwrap();
    bench.later(2);
    assert_eq!(
        bench.signed_in("main").await,
        None,
        "being looked at is no use"
    );
    assert_eq!(bench.accounts.open_sessions().await.unwrap(), 0);

    bench.login("Ada", RIGHT).await.unwrap();
    for _ in 0..(session::LONGEST / session::IDLE) * 2 {
        bench.later(session::IDLE / 2);
        let _ = bench.accounts.account("main", true).await;
    }
    assert_eq!(
        bench.signed_in("main").await,
        None,
        "no session is for ever"
    );

    bench.login("Ada", RIGHT).await.unwrap();
    bench.accounts.logout("main").await.unwrap();
    assert_eq!(bench.signed_in("main").await, None);
    assert_eq!(bench.accounts.open_sessions().await.unwrap(), 0);
}

/// A name that nobody has is answered and locked like one that somebody has, and a restart unlocks neither.
#[tokio::test]
async fn five_failures_lock_a_name_and_a_restart_does_not_help() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::with_ada(folder.path()).await;
    let mut answers = Vec::new();
    for name in ["Ada", "Nobody"] {
        for turn in 0..5 {
            // Killed, not closed: what an attempt has counted is on disk before it is judged.
            if turn == 3 {
                bench = Bench::start(folder.path(), 0).await;
            }
            let refused = bench.login(name, "wrong password").await.unwrap_err();
            answers.push(refused.to_string());
        }
    }
    assert_eq!(answers[..5], answers[5..], "the two names are told apart");
    assert_eq!(answers[0], "name or password is wrong");
    assert!(answers[4].contains("15 min"), "{}", answers[4]);

    let bench = Bench::start(folder.path(), 14 * 60).await;
    for name in ["ada", "nobody"] {
        let locked = bench.login(name, RIGHT).await;
        assert!(
            matches!(locked, Err(Error::Locked { minutes: 1 })),
            "{locked:?}"
        );
    }
    let users = bench.accounts.users().await.unwrap();
    assert_eq!(users[0].locked_until, Some(START + 15 * 60));
    bench.later(61);
    let again = bench.login("ada", "wrong password").await;
    assert!(
        matches!(again, Err(Error::Locked { minutes: 30 })),
        "{again:?}"
    );
    bench.later(30 * 60);
    bench.login("ada", RIGHT).await.unwrap();
    let after = bench.login("ada", "wrong password").await;
    assert!(matches!(after, Err(Error::Wrong)), "a success begins anew");
}

/// Covers: AUT-07
#[tokio::test]
async fn who_registers_waits_until_an_admin_lets_him_in() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::with_ada(folder.path()).await;
    let register = |name: &'static str| bench.accounts.register(name, "", right());
    let bob = register("Bob").await.unwrap();
    assert_eq!((bob.role, bob.status), (Role::Viewer, UserStatus::Waiting));
    let waits = bench.login("bob", RIGHT).await;
    assert!(matches!(waits, Err(Error::Waiting(_))), "{waits:?}");
    let wrong = bench.login("bob", "wrong password").await;
    assert!(
        matches!(wrong, Err(Error::Wrong)),
        "who waits is not told to others"
    );
    assert!(matches!(register("BOB ").await, Err(Error::Taken(_))));
    for (name, email, password) in [
        ("", "", RIGHT),
        ("a\u{7}b", "", RIGHT),
        ("carl", "no address", RIGHT),
        ("carl", "", "short"),
    ] {
        let refused = bench
            .accounts
            .register(name, email, Password(password.into()));
        assert!(refused.await.is_err(), "{name:?} {email:?} {password:?}");
    }
    let enable = UserChange::Enabled(true);
    bench
        .accounts
        .change_user("Ada", &bob.id, enable)
        .await
        .unwrap();
    bench.login("bob", RIGHT).await.unwrap();
    assert_eq!(bench.signed_in("main").await.as_deref(), Some("Bob"));
    let promote = UserChange::Role(Role::User);
    bench
        .accounts
        .change_user("Ada", &bob.id, promote)
        .await
        .unwrap();
    assert_eq!(
        bench.signed_in("main").await,
        None,
        "a change ends the sessions"
    );
}

/// Covers: AUT-12
#[tokio::test]
async fn the_last_admin_stays() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::with_ada(folder.path()).await;
    let ada = bench.accounts.users().await.unwrap().remove(0);
    for change in [UserChange::Role(Role::User), UserChange::Enabled(false)] {
        let refused = bench.accounts.change_user("Ada", &ada.id, change).await;
        assert!(matches!(refused, Err(Error::LastAdmin(_))), "{refused:?}");
    }
    let refused = bench.accounts.delete_user("Ada", &ada.id).await;
    assert!(matches!(refused, Err(Error::LastAdmin(_))), "{refused:?}");
    bench.login("Ada", RIGHT).await.unwrap();

    let eve = ("Eve", "");
    let eve = bench.accounts.add_user("Ada", eve, right(), Role::Admin);
    let eve = eve.await.unwrap();
    bench.accounts.delete_user("Eve", &ada.id).await.unwrap();
    assert_eq!(
        bench.signed_in("main").await,
        None,
        "her session went with her"
    );
    let refused = bench.accounts.delete_user("Eve", &eve.id).await;
    assert!(matches!(refused, Err(Error::LastAdmin(_))), "{refused:?}");
    let unknown = bench.accounts.delete_user("Eve", "no number").await;
    assert!(matches!(unknown, Err(Error::Unknown(_))));
    bench.accounts.set_required("Eve", false).await.unwrap();
    bench.accounts.delete_user("root", &eve.id).await.unwrap();
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::with_ada(folder.path()).await;
    bench.login("Ada", RIGHT).await.unwrap();
    bench
        .accounts
        .login("second", "Ada", right())
        .await
        .unwrap();
    let account = bench.accounts.account("main", true).await.unwrap();
    let change = |old: &str, new: &str| {
        let (old, new) = (Password(old.into()), Password(new.into()));
        bench.accounts.change_password("main", &account, old, new)
    };
    assert!(matches!(
        change("wrong password", "another horse").await,
        Err(Error::Wrong)
    ));
    assert!(change(RIGHT, "short").await.is_err());
    change(RIGHT, "another horse").await.unwrap();
    assert_eq!(bench.signed_in("main").await.as_deref(), Some("Ada"));
    assert_eq!(bench.signed_in("second").await, None);
    assert!(matches!(bench.login("Ada", RIGHT).await, Err(Error::Wrong)));
    bench.login("Ada", "another horse").await.unwrap();
}

/// Covers: AUT-03, AUT-06, SEC-07
#[tokio::test]
async fn the_file_holds_no_password_no_token_and_says_who_did_what() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::with_ada(folder.path()).await;
    bench.login("Ada", RIGHT).await.unwrap();
    // A password that went into the wrong field.
    let _ = bench.login("my secret passphrase", "x").await;
    let viewer = Account {
        name: "Vic".into(),
        email: String::new(),
        role: Role::Viewer,
        local: false,
    };
    for _ in 0..3 {
        let no = bench
            .accounts
            .refuse(&viewer, "apply_plan", Role::User)
            .await;
        assert!(matches!(no, Error::NotAllowed { .. }), "{no}");
    }
    let trail = bench.trail().await;
    let has = |who: &str, what: &str| {
        trail
            .iter()
            .filter(|(by, text)| by == who && text.contains(what))
            .count()
    };
    assert_eq!(has("root", "login is required"), 1, "{trail:?}");
    assert_eq!(has("Ada", "a session was opened"), 1, "{trail:?}");
    assert_eq!(has("nobody", "was wrong"), 1, "{trail:?}");
    assert_eq!(has("Vic", "\"apply_plan\" was refused"), 1, "{trail:?}");

    let token = format!("{:?}", bench.accounts.windows.lock().await["main"]);
    assert_eq!(token, "Token(…)");
    bench.accounts.store.close().await;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        for secret in [RIGHT, "my secret passphrase"] {
            assert!(!text.contains(secret), "\"{secret}\" is in a file");
        }
    }
}
