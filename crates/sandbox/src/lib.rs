//! The stand-in: a provider simulator with its own books
