//! The corridor: listeners, rooms, errands, egress, responses.

pub mod clock;
mod deadline;
pub mod egress;
mod random;
mod recent;
