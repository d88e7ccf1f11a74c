//! What the gate does, on the real binary; one program, since linking is what a test costs most.

mod budgets;
mod canary;
mod caps;
mod commands;
mod configuration;
mod confused_bodies;
mod confusion;
mod desk;
mod dialect;
mod egress;
mod framing;
mod hostile_answers;
mod identity;
mod journal;
mod leaks;
mod limits;
mod matrix;
mod network;
mod observe;
mod operations;
mod reflection;
mod routing;
mod shared;
mod smuggling;
mod tls;
mod v2;
