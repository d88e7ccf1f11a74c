//! What the laws cannot see from outside.
