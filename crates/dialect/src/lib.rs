//! What each provider says: parse, encode, classify, price class, outcome, refusals; sans I/O
