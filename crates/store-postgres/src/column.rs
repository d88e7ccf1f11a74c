//! How does a value stand in a column? As text that parses back to it, or as its bytes.

use std::str::FromStr;

use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use tollgate_books::{HoldState, Unit};
use tollgate_model::{KeyId, RequestId, Scope, Timestamp};

use crate::failure::Failure;

/// A column's value, as the driver knows it.
pub(crate) fn plain<'a, T: FromSql<'a>>(row: &'a Row, at: usize) -> Result<T, Failure> {
    Ok(row.try_get(at)?)
}

/// A value that is kept as the text which parses to it.
pub(crate) fn parsed<T: FromStr>(row: &Row, at: usize, what: &'static str) -> Result<T, Failure> {
    plain::<&str>(row, at)?.parse().map_err(|_| Failure::Unreadable { what })
}

/// The same, where there may be none.
pub(crate) fn parsed_if_any<T: FromStr>(row: &Row, at: usize, what: &'static str) -> Result<Option<T>, Failure> {
    plain::<Option<&str>>(row, at)?.map(|text| text.parse().map_err(|_| Failure::Unreadable { what })).transpose()
}

/// Bytes of a fixed length.
pub(crate) fn bytes<const N: usize>(row: &Row, at: usize, what: &'static str) -> Result<[u8; N], Failure> {
    plain::<&[u8]>(row, at)?.try_into().map_err(|_| Failure::Unreadable { what })
}

/// A request's id.
pub(crate) fn request(row: &Row, at: usize) -> Result<RequestId, Failure> {
    bytes(row, at, "request's id").map(RequestId::from_bytes)
}

/// A key's id.
pub(crate) fn key(row: &Row, at: usize) -> Result<KeyId, Failure> {
    bytes(row, at, "key's id").map(KeyId::from_bytes)
}

/// An instant.
pub(crate) fn instant(row: &Row, at: usize) -> Result<Timestamp, Failure> {
    plain(row, at).map(Timestamp::from_millis)
}

/// An instant, where there may be none.
pub(crate) fn instant_if_any(row: &Row, at: usize) -> Result<Option<Timestamp>, Failure> {
    Ok(plain::<Option<i64>>(row, at)?.map(Timestamp::from_millis))
}

/// A hold's state.
pub(crate) fn state(row: &Row, at: usize) -> Result<HoldState, Failure> {
    match plain::<&str>(row, at)? {
        "open" => Ok(HoldState::Open),
        "settled" => Ok(HoldState::Settled),
        "voided" => Ok(HoldState::Voided),
        "unknown" => Ok(HoldState::Unknown),
        "adjusted" => Ok(HoldState::Adjusted),
        _ => Err(Failure::Unreadable { what: "hold's state" }),
    }
}

/// The word for a hold's state.
pub(crate) const fn state_word(state: HoldState) -> &'static str {
    match state {
        HoldState::Open => "open",
        HoldState::Settled => "settled",
        HoldState::Voided => "voided",
        HoldState::Unknown => "unknown",
        HoldState::Adjusted => "adjusted",
    }
}

/// The word for a counter's unit.
pub(crate) const fn unit_word(unit: Unit) -> &'static str {
    match unit {
        Unit::Money => "money",
        Unit::Tasks => "tasks",
    }
}

/// A counter's scope as text: `key key_…`, `team research`, `upstream 2captcha`.
pub(crate) fn scope_words(scope: &Scope) -> String {
    match scope {
        Scope::Key(id) => format!("key {id}"),
        Scope::Team(_) | Scope::Upstream(_) => scope.to_string(),
    }
}

/// A number that only counts up, as PostgreSQL's signed integer; the top half of the range is never reached.
pub(crate) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The number back.
pub(crate) fn counted(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
