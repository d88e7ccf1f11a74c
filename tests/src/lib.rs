//! End-to-end tests: shared pieces for driving the real binary.
