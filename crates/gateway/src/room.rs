//! The rooms, in the corridor's order; each answers its one question and makes the next stage.

pub(crate) mod again;
pub(crate) mod allow;
pub(crate) mod arm;
pub(crate) mod identify;
pub(crate) mod intend;
pub(crate) mod listen;
pub(crate) mod locate;
pub(crate) mod own;
pub(crate) mod pace;
pub(crate) mod record;
pub(crate) mod send;
pub(crate) mod settle;
pub(crate) mod time;
pub(crate) mod understand;
