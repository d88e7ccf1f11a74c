//! Memory: the journal's lanes, the sealer, checkpoints, verification, replay
