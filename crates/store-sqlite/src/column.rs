//! How does a value stand in a column? As text that parses back to it, or as its bytes.

use std::error::Error;
use std::str::FromStr;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use tollgate_books::{HoldState, Unit};
use tollgate_model::{KeyId, RequestId, Scope, Timestamp};

/// A value that is kept as the text which parses to it.
pub(crate) struct Parsed<T>(pub(crate) T);

impl<T: FromStr<Err: Error + Send + Sync + 'static>> FromSql for Parsed<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(FromSqlError::other)
    }
}

/// A value that is kept as bytes or as a bare number.
pub(crate) struct Bare<T>(pub(crate) T);

impl FromSql for Bare<RequestId> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 16]>::column_result(value).map(|bytes| Self(RequestId::from_bytes(bytes)))
    }
}

impl FromSql for Bare<KeyId> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 16]>::column_result(value).map(|bytes| Self(KeyId::from_bytes(bytes)))
    }
}

impl FromSql for Bare<Timestamp> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(|millis| Self(Timestamp::from_millis(millis)))
    }
}

impl FromSql for Bare<HoldState> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_i64()? {
            0 => Ok(Self(HoldState::Open)),
            1 => Ok(Self(HoldState::Unknown)),
            2 => Ok(Self(HoldState::Settled)),
            3 => Ok(Self(HoldState::Voided)),
            4 => Ok(Self(HoldState::Adjusted)),
            other => Err(FromSqlError::OutOfRange(other)),
        }
    }
}

/// The number for a hold's state: under 2 it may still move.
pub(crate) const fn state(state: HoldState) -> i64 {
    match state {
        HoldState::Open => 0,
        HoldState::Unknown => 1,
        HoldState::Settled => 2,
        HoldState::Voided => 3,
        HoldState::Adjusted => 4,
    }
}

/// The word for a counter's unit.
pub(crate) const fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Money => "money",
        Unit::Tasks => "tasks",
    }
}

/// A counter's scope as text: `key key_…`, `team research`, `upstream 2captcha`.
pub(crate) fn scope(scope: &Scope) -> String {
    match scope {
        Scope::Key(id) => format!("key {id}"),
        Scope::Team(_) | Scope::Upstream(_) => scope.to_string(),
    }
}

/// A number that only counts up, as SQLite's signed integer; the top half of the range is never reached.
pub(crate) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The number back.
pub(crate) fn counted(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
