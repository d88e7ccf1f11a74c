-- The book (money) and the registry (keys, teams). Money is in nano-dollars, instants in milliseconds since 1970, ids are 16 bytes.

PRAGMA application_id = 1413956171; -- "TGBK"

CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    store TEXT NOT NULL,                         -- this store's own id: a copy has the same, a new file another
    fence INTEGER NOT NULL,                      -- openings so far; only the last may write
    instance TEXT NOT NULL,                      -- who made the last opening
    generation INTEGER NOT NULL,                 -- of the registry
    pepper BLOB CHECK (length(pepper) = 32),     -- nothing until the registry is first loaded
    mark BLOB CHECK (length(mark) = 32)          -- of the pepper that the keys were hashed with
) STRICT;

INSERT INTO meta (one, store, fence, instance, generation) VALUES (1, lower(hex(randomblob(16))), 0, '', 0);

CREATE TABLE instances (
    name TEXT PRIMARY KEY,
    boot TEXT NOT NULL                           -- the machine's boot id at its last opening
) STRICT, WITHOUT ROWID;

CREATE TABLE lanes (
    name TEXT PRIMARY KEY,
    upto INTEGER NOT NULL                        -- the journal's lines up to this number are in the book
) STRICT, WITHOUT ROWID;

CREATE TABLE holds (
    request BLOB PRIMARY KEY CHECK (length(request) = 16),
    key BLOB NOT NULL CHECK (length(key) = 16),
    team TEXT,
    upstream TEXT NOT NULL,
    method TEXT NOT NULL,
    at INTEGER NOT NULL,                         -- the admission instant decides window and day
    held INTEGER NOT NULL,
    settled INTEGER,
    task TEXT,
    state TEXT NOT NULL CHECK (state IN ('open', 'settled', 'voided', 'unknown'))
) STRICT, WITHOUT ROWID;

CREATE INDEX holds_by_task ON holds (upstream, task, request) WHERE task IS NOT NULL;
CREATE INDEX holds_unsettled ON holds (request) WHERE state IN ('open', 'unknown');
-- a counter that was not seen before starts from the holds of its scope and window
CREATE INDEX holds_by_key ON holds (key, at);
CREATE INDEX holds_by_team ON holds (team, at) WHERE team IS NOT NULL;
CREATE INDEX holds_by_upstream ON holds (upstream, at);

CREATE TABLE counters (
    id INTEGER PRIMARY KEY,
    scope TEXT NOT NULL,                         -- 'key key_…', 'team …', 'upstream …'
    unit TEXT NOT NULL CHECK (unit IN ('money', 'tasks')),
    period TEXT NOT NULL,
    zone TEXT NOT NULL,
    starts INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    UNIQUE (scope, unit, period, zone, starts, ends)
) STRICT;

CREATE INDEX counters_by_end ON counters (ends);

CREATE TABLE shares (
    counter INTEGER NOT NULL REFERENCES counters (id) ON DELETE CASCADE,
    instance TEXT NOT NULL,
    account TEXT NOT NULL,
    posted INTEGER NOT NULL,                     -- the sum of the holder's posted holds
    stranded INTEGER NOT NULL,                   -- lost with a machine, counted as used
    ceiling INTEGER NOT NULL,                    -- how far its use may rise
    died INTEGER NOT NULL CHECK (died IN (0, 1)), -- the machine died; what was lost is counted at the next lease
    PRIMARY KEY (counter, instance, account)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage (
    key BLOB NOT NULL CHECK (length(key) = 16),
    upstream TEXT NOT NULL,
    method TEXT NOT NULL,
    day TEXT NOT NULL,
    team TEXT NOT NULL,                          -- '' is none
    first BLOB NOT NULL,                         -- the oldest request counted: its team names the day's row
    tasks INTEGER NOT NULL,
    settled INTEGER NOT NULL,
    held INTEGER NOT NULL,
    unknown INTEGER NOT NULL,
    excess INTEGER NOT NULL,                     -- settled beyond the hold, included in settled
    PRIMARY KEY (key, upstream, method, day, team)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_by_day ON usage (day);

CREATE TABLE teams (
    name TEXT PRIMARY KEY,
    terms TEXT NOT NULL,                         -- JSON
    paused_at INTEGER,
    paused_reason TEXT,
    created INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CHECK ((paused_at IS NULL) = (paused_reason IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX teams_by_version ON teams (version);

CREATE TABLE keys (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL UNIQUE,                   -- given once, for ever
    upstream TEXT NOT NULL,
    terms TEXT NOT NULL,                         -- JSON
    paused_at INTEGER,
    paused_reason TEXT,
    revoked INTEGER,
    created INTEGER NOT NULL,
    last_used INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CHECK ((paused_at IS NULL) = (paused_reason IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX keys_by_version ON keys (version);

CREATE TABLE secrets (
    hash BLOB PRIMARY KEY CHECK (length(hash) = 32), -- keyed by the pepper; the secret itself is nowhere
    key BLOB NOT NULL REFERENCES keys (id),
    place INTEGER NOT NULL,                      -- oldest first
    hint TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER,
    UNIQUE (key, place)
) STRICT, WITHOUT ROWID;
