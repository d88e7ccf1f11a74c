//! Does the codec keep to its grammar? Tables, every split, round trips, and a general server beside it.

mod answers;
mod beside_hyper;
mod chunks;
mod corpus;
mod encode;
mod heads;

mod mutations;
mod splits;
