//! The words everything else is said in: ids, money, time, limits, denials; no I/O, no async
