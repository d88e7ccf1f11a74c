//! The laws that every durable book obeys, as one suite.
