-- Tables of Resilience.Storage, version 1, SQLite. Times are milliseconds since 1970 UTC; ids are UUIDs as text.
-- journal.state: 1 pending, 2 failed (record is back; history), 3 stuck. journal.kind: 1 record, 2 enlisted. upload.state: 1 open, 2 reaping,
-- 3 claimed by a sweep.
-- quarantine.state: 1 moving, 2 held, 3 restoring, 4 purging.
CREATE TABLE IF NOT EXISTS resilience_file_schema (
    version INTEGER NOT NULL PRIMARY KEY
);

CREATE TABLE IF NOT EXISTS resilience_file_root (
    root TEXT NOT NULL PRIMARY KEY,
    marker TEXT NOT NULL,
    generation INTEGER NOT NULL,
    ready INTEGER NOT NULL,
    sweep_owner TEXT NOT NULL,
    sweep_lease INTEGER NOT NULL,
    swept_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS resilience_file_journal (
    id TEXT NOT NULL PRIMARY KEY,
    root TEXT NOT NULL,
    record_key TEXT NOT NULL,
    path TEXT NOT NULL,
    identity TEXT NOT NULL,
    state INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    snapshot TEXT,
    user_id TEXT NOT NULL,
    owner TEXT NOT NULL,
    lease_until INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    error TEXT
) WITHOUT ROWID;
-- One live deletion per path and per record.
CREATE UNIQUE INDEX IF NOT EXISTS resilience_file_journal_path ON resilience_file_journal (root, path) WHERE state <> 2;
CREATE UNIQUE INDEX IF NOT EXISTS resilience_file_journal_key ON resilience_file_journal (root, record_key) WHERE state <> 2;
CREATE INDEX IF NOT EXISTS resilience_file_journal_lease ON resilience_file_journal (root, state, lease_until);

CREATE TABLE IF NOT EXISTS resilience_file_audit (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    occurred_at INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    root TEXT NOT NULL,
    record_key TEXT NOT NULL,
    path TEXT NOT NULL,
    user_id TEXT NOT NULL,
    result TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    error TEXT,
    instance TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS resilience_file_audit_time ON resilience_file_audit (occurred_at);
CREATE INDEX IF NOT EXISTS resilience_file_audit_request ON resilience_file_audit (request_id);
CREATE INDEX IF NOT EXISTS resilience_file_audit_key ON resilience_file_audit (record_key) WHERE result = 'Succeeded';

CREATE TABLE IF NOT EXISTS resilience_file_upload (
    id TEXT NOT NULL PRIMARY KEY,
    root TEXT NOT NULL,
    path TEXT NOT NULL,
    state INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    lease_until INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
-- The claim on a path: an upload and a sweep exclude each other here.
CREATE UNIQUE INDEX IF NOT EXISTS resilience_file_upload_path ON resilience_file_upload (root, path);
CREATE INDEX IF NOT EXISTS resilience_file_upload_lease ON resilience_file_upload (root, lease_until);

CREATE TABLE IF NOT EXISTS resilience_file_quarantine (
    id TEXT NOT NULL PRIMARY KEY,
    root TEXT NOT NULL,
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    identity TEXT NOT NULL,
    state INTEGER NOT NULL,
    found_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS resilience_file_quarantine_found ON resilience_file_quarantine (root, state, found_at);

INSERT INTO resilience_file_schema (version) VALUES (1) ON CONFLICT DO NOTHING;
