//! Does the sandbox behave as a provider does, and misbehave as it is told?

mod client;
mod control;
mod faults;
mod provider;
