//! What does a line tell of money? The few members that replay and verification read back.

use std::borrow::Cow;

use serde::Deserialize;
use tollgate_model::{KeyId, Money, Name, RequestId, TaskId};

/// The part of a line that money depends on.
#[derive(Debug, Deserialize)]
pub(crate) struct Entry<'a> {
    #[serde(borrow)]
    pub(crate) event: EventPart<'a>,
    #[serde(borrow)]
    pub(crate) tollgate: Facts<'a>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct EventPart<'a> {
    #[serde(borrow)]
    pub(crate) action: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Facts<'a> {
    pub(crate) request_id: Option<RequestId>,
    pub(crate) key: Option<Key>,
    pub(crate) team: Option<Name>,
    pub(crate) upstream: Option<Name>,
    #[serde(borrow)]
    pub(crate) method: Option<Cow<'a, str>>,
    pub(crate) task: Option<TaskId>,
    #[serde(default)]
    pub(crate) cost: Cost,
    #[serde(borrow)]
    pub(crate) hold: Option<Cow<'a, str>>,
    pub(crate) detail: Option<Detail>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Key {
    pub(crate) id: KeyId,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Cost {
    pub(crate) held: Option<Money>,
    pub(crate) settled: Option<Money>,
}

/// The numbers of a `journal_gap`.
#[derive(Debug, Deserialize)]
pub(crate) struct Detail {
    pub(crate) first: Option<u64>,
    pub(crate) last: Option<u64>,
}

impl<'a> Entry<'a> {
    /// The line's facts; nothing if it is not the JSON that we write.
    pub(crate) fn of(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }
}
