//! Money: holds, leases, windows, settlement, task owners; the store port and its laws
