-- What people said about incidents. Rows are added, never changed.

CREATE TABLE feedback (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    at            INTEGER NOT NULL,
    who           TEXT    NOT NULL,
    cluster       TEXT    NOT NULL,
    incident      TEXT    NOT NULL,
    cause         TEXT    NOT NULL,
    verdict       TEXT,
    correct_cause TEXT,
    note          TEXT    NOT NULL
);
CREATE INDEX feedback_incident ON feedback (cluster, incident);

PRAGMA user_version = 2;
