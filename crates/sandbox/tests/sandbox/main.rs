//! Does the sandbox behave as a provider does, and misbehave as it is told?

#[cfg(test)]
mod client;
#[cfg(test)]
mod control;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod provider;
mod task;
