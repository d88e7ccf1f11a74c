//! What proves a lane? RFC 6962 hashes: a leaf a line, and the frontier of perfect subtrees from which the root follows.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub(crate) type Hash = [u8; 32];

/// Beyond this a line is no line of ours but somebody's number: 64 MiB hold fewer.
const GAP: u64 = 10_000_000;

/// The Merkle tree of a lane: leaf n−1 is line n; a line that was never written is an empty leaf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    size: u64,
    /// Roots of the perfect subtrees, the largest first: one for each bit of the size.
    frontier: Vec<Hash>,
}

/// How a line's number follows the tree's last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Follows {
    /// The next number.
    Next,
    /// Numbers are missing in between.
    Behind,
    /// It does not: a number that was there before, or a number out of all proportion.
    Never,
}

/// SHA-256(0x00 ‖ line), the line without its newline (RFC 6962 §2.1).
pub(crate) fn leaf(line: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(line).finalize().into()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The hash of a checkpoint's line, as the next one quotes it.
pub(crate) fn quote(line: &[u8]) -> String {
    encode(&Sha256::digest(line).into())
}

pub(crate) fn encode(hash: &Hash) -> String {
    STANDARD.encode(hash)
}

pub(crate) fn decode(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

impl Tree {
    /// The tree that was put away as its size and frontier; nothing if they do not belong together.
    pub(crate) fn of(size: u64, frontier: Vec<Hash>) -> Option<Self> {
        (usize::try_from(size.count_ones()) == Ok(frontier.len())).then_some(Self { size, frontier })
    }

    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn frontier(&self) -> &[Hash] {
        &self.frontier
    }

    pub(crate) const fn follows(&self, number: u64) -> Follows {
        match number.checked_sub(self.size) {
            Some(1) => Follows::Next,
            Some(2..=GAP) => Follows::Behind,
            Some(_) | None => Follows::Never,
        }
    }

    pub(crate) fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // each trailing one bit of the size is a subtree as large as what has been gathered so far
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.frontier.pop() {
                hash = node(&left, &hash);
            }
        }
        self.frontier.push(hash);
        self.size = self.size.saturating_add(1);
    }

    /// The Merkle tree hash over all leaves.
    pub(crate) fn root(&self) -> Hash {
        let mut subtrees = self.frontier.iter().rev();
        match subtrees.next() {
            None => Sha256::digest([]).into(),
            Some(last) => subtrees.fold(*last, |right, left| node(left, &right)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6962 §2.1, word by word: split at the largest power of two below n.
    fn mth(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [one] => *one,
            _ => {
                let split = 1 << (leaves.len() - 1).ilog2();
                node(&mth(&leaves[..split]), &mth(&leaves[split..]))
            }
        }
    }

    #[test]
    fn the_frontier_gives_the_root_that_the_rfc_gives() {
        let mut tree = Tree::default();
        let mut leaves = Vec::new();
        for line in 0..130_u8 {
            assert_eq!(tree.root(), mth(&leaves), "{line} leaves");
            leaves.push(leaf(&[line]));
            tree.push(leaf(&[line]));
            assert_eq!(Tree::of(tree.size(), tree.frontier().to_vec()), Some(tree.clone()));
        }
        assert_eq!(Tree::of(3, vec![]), None);
    }

    #[test]
    fn hashes_are_those_of_the_public_test_vectors() {
        // the first tree heads of certificate-transparency's merkletree tests: the empty tree, and one empty leaf
        assert_eq!(encode(&Tree::default().root()), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(encode(&leaf(b"")), "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=");
    }
}
