//! Strict HTTP/1.1, both sides, sans I/O: bytes to a head and a body, and back
