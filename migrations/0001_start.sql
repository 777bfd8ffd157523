-- Every row about a cluster carries the cluster's id (ClusterEntry::id).
-- Times are epoch seconds, UTC. Values of Secrets never enter any table.

CREATE TABLE incidents (
    cluster        TEXT    NOT NULL,
    id             TEXT    NOT NULL,
    fingerprint    TEXT    NOT NULL,
    type           TEXT    NOT NULL,
    severity       TEXT    NOT NULL,
    state          TEXT    NOT NULL,
    cause          TEXT    NOT NULL,
    kind           TEXT    NOT NULL,
    namespace      TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    first_seen     INTEGER NOT NULL,
    last_seen      INTEGER NOT NULL,
    resolved_at    INTEGER,
    resolution     TEXT,
    reopened       INTEGER NOT NULL DEFAULT 0,
    acknowledged_at INTEGER,
    acknowledged_by TEXT,
    snoozed_until  INTEGER,
    -- The contract's Incident as JSON; the columns above are its index.
    detail         TEXT    NOT NULL,
    PRIMARY KEY (cluster, id)
) WITHOUT ROWID;
-- A fingerprint is open at most once.
CREATE UNIQUE INDEX incidents_unresolved ON incidents (cluster, fingerprint) WHERE state <> 'resolved';
CREATE INDEX incidents_fingerprint ON incidents (cluster, fingerprint, last_seen);
CREATE INDEX incidents_cause ON incidents (cluster, cause, last_seen);
CREATE INDEX incidents_resolved ON incidents (resolved_at) WHERE state = 'resolved';

CREATE TABLE executions (
    id          TEXT    NOT NULL PRIMARY KEY,
    request_id  TEXT    NOT NULL UNIQUE,
    cluster     TEXT    NOT NULL,
    plan_hash   TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    target      TEXT    NOT NULL,
    incident    TEXT,
    reverts     TEXT,
    status      TEXT    NOT NULL,
    outcome     TEXT,
    started_at  INTEGER NOT NULL,
    duration    REAL,
    exit_code   INTEGER,
    resources_changed TEXT NOT NULL DEFAULT '[]',
    -- How to go back, as JSON; NULL where no way is known or where it would hold Secret values.
    undo        TEXT
) WITHOUT ROWID;
CREATE INDEX executions_started ON executions (started_at DESC);
CREATE INDEX executions_cluster ON executions (cluster, started_at DESC);
CREATE INDEX executions_running ON executions (status) WHERE status = 'running';

CREATE TABLE execution_lines (
    execution TEXT    NOT NULL REFERENCES executions (id) ON DELETE CASCADE,
    seq       INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    stderr    INTEGER NOT NULL,
    text      TEXT    NOT NULL,
    PRIMARY KEY (execution, seq)
) WITHOUT ROWID;

-- Who did what to which object, when, with what result. Rows are added, never changed.
CREATE TABLE audit (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    at        INTEGER NOT NULL,
    who       TEXT    NOT NULL,
    cluster   TEXT    NOT NULL,
    action    TEXT    NOT NULL,
    object    TEXT    NOT NULL,
    phase     TEXT    NOT NULL CHECK (phase IN ('before', 'after')),
    what      TEXT    NOT NULL,
    result    TEXT,
    execution TEXT
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_execution ON audit (execution) WHERE execution IS NOT NULL;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit rows are never changed');
END;

CREATE TABLE settings (
    key        TEXT    NOT NULL PRIMARY KEY,
    value      TEXT    NOT NULL,
    updated_at INTEGER NOT NULL
) WITHOUT ROWID;

-- One row per known outcome of an applied fix; rates are computed with their age.
CREATE TABLE remedies (
    execution TEXT    NOT NULL PRIMARY KEY,
    cluster   TEXT    NOT NULL,
    cause     TEXT    NOT NULL,
    action    TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    namespace TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    worked    INTEGER NOT NULL,
    at        INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX remedies_cause ON remedies (cause, action, at);

-- Readable in the file's header without opening the database: see store/open.rs.
PRAGMA user_version = 1;
