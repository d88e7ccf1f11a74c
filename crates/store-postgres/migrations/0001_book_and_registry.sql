-- The book (money) and the registry (keys, teams) of several gates, in a schema of their own. Money is in nano-dollars, instants
-- in milliseconds since 1970, ids are 16 bytes. `schema` tells which of these steps were taken.

CREATE TABLE tollgate.meta (
    one smallint PRIMARY KEY CHECK (one = 1),
    program text NOT NULL,                       -- 'TGBK': a table of this name may be another program's
    schema integer NOT NULL,
    store uuid NOT NULL DEFAULT gen_random_uuid(), -- this store's own id: a copy has the same, a new one another
    origin text NOT NULL,                        -- cluster, timeline, database and table that the book was last accepted in
    epoch bigint NOT NULL,                       -- how often an operator has accepted it
    behind text,                                 -- why nobody may spend until an operator accepts it
    fence bigint NOT NULL,                       -- openings so far
    generation bigint NOT NULL,                  -- of the registry
    pepper bytea CHECK (octet_length(pepper) = 32), -- nothing until the registry is first loaded
    mark bytea CHECK (octet_length(mark) = 32)   -- of the pepper that the keys were hashed with
);

CREATE TABLE tollgate.instances (
    name text PRIMARY KEY,
    boot text NOT NULL,                          -- the machine's boot id at its last opening
    fence bigint NOT NULL,                       -- of its last opening; only that one may write
    number bigint NOT NULL,                      -- what it has written so far: a gate remembers it outside, and notices a book behind it
    seen timestamptz NOT NULL                    -- its last write, by this server's clock
);

CREATE UNIQUE INDEX instances_by_fence ON tollgate.instances (fence) WHERE fence > 0;

CREATE TABLE tollgate.lanes (
    instance text NOT NULL,
    name text NOT NULL,
    upto bigint NOT NULL,                        -- the journal's lines up to this number are in the book
    PRIMARY KEY (instance, name)
);

CREATE TABLE tollgate.holds (
    request bytea PRIMARY KEY CHECK (octet_length(request) = 16),
    instance text NOT NULL,                      -- who took it
    key bytea NOT NULL CHECK (octet_length(key) = 16),
    team text,
    upstream text NOT NULL,
    method text NOT NULL,
    at bigint NOT NULL,                          -- the admission instant decides window and day
    held bigint NOT NULL,
    settled bigint,
    task text,
    state text NOT NULL CHECK (state IN ('open', 'settled', 'voided', 'unknown'))
);

CREATE INDEX holds_by_task ON tollgate.holds (upstream, task, request) WHERE task IS NOT NULL;
CREATE INDEX holds_unsettled ON tollgate.holds (instance, request) WHERE state IN ('open', 'unknown');
-- a counter that was not seen before starts from the holds of its scope and window
CREATE INDEX holds_by_key ON tollgate.holds (key, at);
CREATE INDEX holds_by_team ON tollgate.holds (team, at) WHERE team IS NOT NULL;
CREATE INDEX holds_by_upstream ON tollgate.holds (upstream, at);

CREATE TABLE tollgate.counters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope text NOT NULL,                         -- 'key key_…', 'team …', 'upstream …'
    unit text NOT NULL CHECK (unit IN ('money', 'tasks')),
    period text NOT NULL,
    zone text NOT NULL,
    starts bigint NOT NULL,
    ends bigint NOT NULL,
    UNIQUE (scope, unit, period, zone, starts, ends)
);

CREATE INDEX counters_by_end ON tollgate.counters (ends);
-- buckets of rolling periods are forgotten after a day
CREATE INDEX counters_rolling ON tollgate.counters (ends) WHERE period IN ('24h', 'hour');

-- what rolling periods look back at, for a day and a little
CREATE TABLE tollgate.minutes (
    scope text NOT NULL,                         -- as in `counters`
    minute bigint NOT NULL,                      -- minutes since 1970, of the admission instant
    tasks bigint NOT NULL,
    money bigint NOT NULL,                       -- settled, held and unknown
    PRIMARY KEY (scope, minute)
);

CREATE INDEX minutes_by_age ON tollgate.minutes (minute);

CREATE TABLE tollgate.shares (
    counter bigint NOT NULL REFERENCES tollgate.counters (id) ON DELETE CASCADE,
    instance text NOT NULL,
    account text NOT NULL,
    posted bigint NOT NULL,                      -- the sum of the holder's posted holds
    stranded bigint NOT NULL,                    -- lost with a machine, counted as used
    ceiling bigint NOT NULL,                     -- how far its use may rise
    died boolean NOT NULL,                       -- the machine died; what was lost is counted at the next lease
    PRIMARY KEY (counter, instance, account)
);

CREATE INDEX shares_by_instance ON tollgate.shares (instance, counter);

CREATE TABLE tollgate.usage (
    key bytea NOT NULL CHECK (octet_length(key) = 16),
    upstream text NOT NULL,
    method text NOT NULL,
    day text NOT NULL COLLATE "C",
    team text NOT NULL,                          -- '' is none
    instance text NOT NULL,
    first bytea NOT NULL,                        -- the oldest request counted: its team names the day's row
    tasks bigint NOT NULL,
    settled bigint NOT NULL,
    held bigint NOT NULL,
    unknown bigint NOT NULL,
    excess bigint NOT NULL,                      -- settled beyond the hold, included in settled
    PRIMARY KEY (key, upstream, method, day, team, instance)
);

CREATE INDEX usage_by_day ON tollgate.usage (day);

CREATE TABLE tollgate.teams (
    name text PRIMARY KEY,
    terms text NOT NULL,                         -- JSON, to the letter
    paused_at bigint,
    paused_reason text,
    created bigint NOT NULL,
    version bigint NOT NULL,
    CHECK ((paused_at IS NULL) = (paused_reason IS NULL))
);

CREATE INDEX teams_by_version ON tollgate.teams (version);

CREATE TABLE tollgate.keys (
    id bytea PRIMARY KEY CHECK (octet_length(id) = 16),
    name text NOT NULL UNIQUE,                   -- given once, for ever
    upstream text NOT NULL,
    terms text NOT NULL,                         -- JSON, to the letter
    paused_at bigint,
    paused_reason text,
    revoked bigint,
    created bigint NOT NULL,
    last_used bigint NOT NULL,
    version bigint NOT NULL,
    CHECK ((paused_at IS NULL) = (paused_reason IS NULL))
);

CREATE INDEX keys_by_version ON tollgate.keys (version);

CREATE TABLE tollgate.secrets (
    hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32), -- keyed by the pepper; the secret itself is nowhere
    key bytea NOT NULL REFERENCES tollgate.keys (id),
    place bigint NOT NULL,                       -- oldest first
    hint text NOT NULL,
    created bigint NOT NULL,
    expires bigint,
    UNIQUE (key, place)
);
