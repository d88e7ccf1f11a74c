-- How long tasks kept a thread of the provider's at work: plans by threads are shared by it.

ALTER TABLE tollgate.usage ADD COLUMN busy bigint NOT NULL DEFAULT 0; -- milliseconds
