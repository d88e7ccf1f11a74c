-- A counter that was not seen before starts from sums by the minute instead of from the holds: three indexes of theirs go. After a
-- day the minutes of a quarter of an hour are folded together (every zone's midnight falls on one), after forty days those of a
-- day. Checks that call a function or look into a list cost a row dearly: none is left on what every request writes.

CREATE TABLE sums (
    key BLOB NOT NULL,
    minute INTEGER NOT NULL,                     -- minutes since 1970, of the admission instant
    upstream TEXT NOT NULL,
    method TEXT NOT NULL,
    team TEXT NOT NULL,                          -- '' is none
    first BLOB NOT NULL,                         -- the oldest request counted: its team names the day's row
    tasks INTEGER NOT NULL,
    settled INTEGER NOT NULL,
    held INTEGER NOT NULL,
    unknown INTEGER NOT NULL,
    excess INTEGER NOT NULL,                     -- settled beyond the hold, included in settled
    PRIMARY KEY (key, minute, upstream, method, team)
) STRICT, WITHOUT ROWID;

CREATE INDEX sums_by_minute ON sums (minute);

-- the same for scopes of many keys
CREATE TABLE totals (
    scope TEXT NOT NULL,                         -- 'team …', 'upstream …'
    minute INTEGER NOT NULL,
    upstream TEXT NOT NULL,
    tasks INTEGER NOT NULL,
    money INTEGER NOT NULL,                      -- settled, held and unknown
    PRIMARY KEY (scope, minute, upstream)
) STRICT, WITHOUT ROWID;

CREATE INDEX totals_by_minute ON totals (minute);

INSERT INTO sums
SELECT key, at / 60000, upstream, method, coalesce(team, ''), min(request), count(*),
       sum(CASE state WHEN 'settled' THEN settled ELSE 0 END),
       sum(CASE state WHEN 'open' THEN held ELSE 0 END),
       sum(CASE state WHEN 'unknown' THEN held ELSE 0 END),
       sum(CASE state WHEN 'settled' THEN max(settled - held, 0) ELSE 0 END)
FROM holds WHERE state <> 'voided' GROUP BY 1, 2, 3, 4, 5;

-- what is older than the holds that are kept stands in the days only: it is put to the day's first minute
INSERT INTO sums
SELECT u.key, unixepoch(u.day) / 60, u.upstream, u.method, u.team, u.first,
       u.tasks - coalesce(s.tasks, 0), u.settled - coalesce(s.settled, 0), u.held - coalesce(s.held, 0),
       u.unknown - coalesce(s.unknown, 0), u.excess - coalesce(s.excess, 0)
FROM usage u LEFT JOIN (
    SELECT key, minute / 1440 AS day, upstream, method, team, sum(tasks) AS tasks, sum(settled) AS settled, sum(held) AS held,
           sum(unknown) AS unknown, sum(excess) AS excess
    FROM sums GROUP BY 1, 2, 3, 4, 5
) s ON s.key = u.key AND s.day = unixepoch(u.day) / 86400 AND s.upstream = u.upstream AND s.method = u.method AND s.team = u.team
WHERE u.tasks > coalesce(s.tasks, 0)
ON CONFLICT (key, minute, upstream, method, team) DO UPDATE SET
    first = min(first, excluded.first), tasks = tasks + excluded.tasks, settled = settled + excluded.settled,
    held = held + excluded.held, unknown = unknown + excluded.unknown, excess = excess + excluded.excess;

DROP TABLE usage;

INSERT INTO totals
SELECT 'upstream ' || upstream, minute, upstream, sum(tasks), sum(settled + held + unknown) FROM sums GROUP BY 1, 2, 3;
INSERT INTO totals
SELECT 'team ' || team, minute, upstream, sum(tasks), sum(settled + held + unknown) FROM sums WHERE team <> '' GROUP BY 1, 2, 3;

CREATE TABLE moved (
    request BLOB PRIMARY KEY,
    key BLOB NOT NULL,
    team TEXT,
    upstream TEXT NOT NULL,
    method TEXT NOT NULL,
    at INTEGER NOT NULL,                         -- the admission instant decides window and day
    held INTEGER NOT NULL,
    settled INTEGER,
    task TEXT,
    state INTEGER NOT NULL                       -- 0 open, 1 unknown, 2 settled, 3 voided
) STRICT, WITHOUT ROWID;

INSERT INTO moved
SELECT request, key, team, upstream, method, at, held, settled, task,
       CASE state WHEN 'open' THEN 0 WHEN 'unknown' THEN 1 WHEN 'settled' THEN 2 ELSE 3 END
FROM holds ORDER BY request;

DROP TABLE holds;
ALTER TABLE moved RENAME TO holds;
CREATE INDEX holds_by_task ON holds (upstream, task, request) WHERE task IS NOT NULL;
CREATE INDEX holds_unsettled ON holds (request) WHERE state < 2;

-- buckets of rolling periods are forgotten after a day
CREATE INDEX counters_rolling ON counters (ends) WHERE period IN ('24h', 'hour');

-- up to where sums are folded to quarters of an hour, and to days
ALTER TABLE meta ADD COLUMN quarters INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN days INTEGER NOT NULL DEFAULT 0;
