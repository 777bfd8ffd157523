-- Who may use the app, once login is switched on. Passwords are Argon2id strings; of a session's token only
-- its SHA-256 is here, and of a name that somebody tried to sign in with, too: people type passwords there.

CREATE TABLE users (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL,
    -- The name in lower case: two accounts must not look alike.
    folded     TEXT    NOT NULL UNIQUE,
    email      TEXT    NOT NULL,
    role       TEXT    NOT NULL CHECK (role IN ('viewer', 'user', 'admin')),
    status     TEXT    NOT NULL CHECK (status IN ('active', 'waiting', 'disabled')),
    password   TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    last_login_at INTEGER
);

CREATE TABLE sessions (
    hash       TEXT    NOT NULL PRIMARY KEY,
    user       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    renewed_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user);

CREATE TABLE login_failures (
    name         TEXT    NOT NULL PRIMARY KEY,
    failures     INTEGER NOT NULL,
    last_at      INTEGER NOT NULL,
    locked_until INTEGER
) WITHOUT ROWID;

PRAGMA user_version = 4;
