-- What a gate that is gone left unsettled is looked after by another. A binary of before says nothing of being at work, and is never gone.

ALTER TABLE tollgate.instances ADD COLUMN present timestamptz; -- when it last said that it is at work, by this server's clock
ALTER TABLE tollgate.holds ADD COLUMN adopter text;            -- who looks after it instead of who took it

CREATE INDEX holds_adopted ON tollgate.holds (adopter, request) WHERE adopter IS NOT NULL AND state IN ('open', 'unknown');
