//! Where was the sealer? Sizes, frontiers and places, so that a start hashes no old line again; worth nothing without the checkpoint.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::lane::SealedLane;
use crate::reader::Position;
use crate::tree::{self, Tree};

/// The file `frontier.json`: not fsynced, for it can be made again from the lines.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The checkpoint it belongs to.
    pub(super) checkpoint: u64,
    pub(super) lanes: BTreeMap<String, KeptLane>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptLane {
    size: u64,
    frontier: Vec<String>,
    file: u64,
    offset: u64,
    line: u64,
}

impl Kept {
    /// What was kept; nothing kept where it cannot be read.
    pub(super) fn read(dir: &Path) -> Self {
        std::fs::read(path(dir)).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }

    pub(super) fn write(&self, dir: &Path) -> io::Result<()> {
        let fresh = dir.join("frontier.json.new");
        let mut text = serde_json::to_vec(self)?;
        text.push(b'\n');
        let _ = std::fs::remove_file(&fresh);
        crate::place::append(&fresh, true)?.write_all(&text)?;
        std::fs::rename(fresh, path(dir))
    }
}

impl KeptLane {
    pub(super) fn of(lane: &SealedLane) -> Self {
        let (tree, Position { file, offset, line }) = (lane.tree(), lane.position());
        Self { size: tree.size(), frontier: tree.frontier().iter().map(tree::encode).collect(), file, offset, line }
    }

    /// The tree and the place, if they belong together.
    pub(super) fn tree(&self) -> Option<(Tree, Position)> {
        let frontier = self.frontier.iter().map(|hash| tree::decode(hash)).collect::<Option<Vec<_>>>()?;
        let position = Position { file: self.file, offset: self.offset, line: self.line };
        Tree::of(self.size, frontier).map(|tree| (tree, position))
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join("frontier.json")
}
