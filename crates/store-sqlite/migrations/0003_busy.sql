-- How long tasks kept a thread of the provider's at work: plans by threads are shared by it.

ALTER TABLE sums ADD COLUMN busy INTEGER NOT NULL DEFAULT 0; -- milliseconds
