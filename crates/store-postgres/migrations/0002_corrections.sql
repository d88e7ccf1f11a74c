-- A correction of an operator's stands among the holds: money and no task. A binary of before reads none of them back.

ALTER TABLE tollgate.holds DROP CONSTRAINT holds_state_check;
ALTER TABLE tollgate.holds ADD CONSTRAINT holds_state_check CHECK (state IN ('open', 'settled', 'voided', 'unknown', 'adjusted'));
