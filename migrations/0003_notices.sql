-- What happened while nobody looked. A deleted one keeps its key alone, so that it is not told again.

CREATE TABLE notices (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    key     TEXT    UNIQUE,
    at      INTEGER NOT NULL,
    level   TEXT    NOT NULL,
    source  TEXT    NOT NULL,
    cluster TEXT    NOT NULL,
    title   TEXT    NOT NULL,
    detail  TEXT,
    route   TEXT,
    read    INTEGER NOT NULL DEFAULT 0,
    deleted INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX notices_shown ON notices (deleted, id DESC);

PRAGMA user_version = 3;
