//! The rooms, in the corridor's order; each answers its one question and makes the next stage.

pub mod allow;
pub mod arm;
pub mod identify;
pub mod intend;
pub mod listen;
pub mod locate;
pub mod own;
pub mod record;
pub mod send;
pub mod settle;
pub mod time;
pub mod understand;
