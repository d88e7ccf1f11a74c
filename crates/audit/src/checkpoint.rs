//! What was the state of all lanes at an instant? One line over all heads, chained to the line before it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::place;
use crate::tree::{self, Tree};

/// A line of `checkpoints.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Checkpoint {
    /// The time of the newest line under it, RFC 3339.
    #[serde(rename = "@timestamp")]
    pub(crate) at: String,
    /// Counts from one.
    #[serde(rename = "checkpoint")]
    pub(crate) number: u64,
    /// Each lane's head: lines up to `size` are fsynced.
    pub(crate) lanes: BTreeMap<String, LaneHead>,
    /// The base64 of the SHA-256 of the previous line without its newline; empty in the first.
    pub(crate) previous: String,
    /// Bytes of a half-written line that were cut off before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cut: Option<u64>,
}

/// A lane's tree at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LaneHead {
    /// Its leaves: the number of its last line.
    pub(crate) size: u64,
    /// Its RFC 6962 root in base64.
    pub(crate) root: String,
}

impl LaneHead {
    pub(crate) fn of(tree: &Tree) -> Self {
        Self { size: tree.size(), root: tree::encode(&tree.root()) }
    }
}

pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join("checkpoints.jsonl")
}

/// The last whole line of the file and the bytes it ends at, or nothing where there is no file.
pub(crate) fn last(dir: &Path) -> io::Result<Option<(u64, Option<Vec<u8>>)>> {
    match File::open(path(dir)) {
        Ok(mut file) => place::last_line(&mut file).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
