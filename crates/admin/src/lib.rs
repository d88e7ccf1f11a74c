//! The desk: the admin API over a Unix socket and a loopback port, and metrics
