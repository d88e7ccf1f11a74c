//! Which real key is in force for an upstream, and is this string one of its keys?

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tollgate_model::Secret;

use crate::needles::{Form, Needles, Tripwire};
use crate::source::{Version, VersionId};

/// As many past versions are recognised.
const REMEMBERED: usize = 16;

/// The keys of one upstream account: one in force, and the hashes of the ones before it.
pub struct Keyring {
    hash_key: [u8; 32],
    tripwire: bool,
    known: ArcSwap<Known>,
}

/// What a keyring knows at one instant.
#[derive(Default)]
struct Known {
    current: Option<Arc<Entry>>,
    past: Vec<(VersionId, blake3::Hash)>,
}

/// One version in memory: its bytes, locked and wiped with it, and what it is recognised by.
pub struct Entry {
    version: VersionId,
    secret: Secret,
    hash: blake3::Hash,
    needles: Option<Needles>,
    locked: bool,
}

/// A presented string that is a real key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recognised {
    /// The key in force.
    Live(VersionId),
    /// A key that was in force since this process began.
    Past(VersionId),
}

impl Keyring {
    /// An empty keyring; `hash_key` is 32 random bytes of this process, and `tripwire` says whether leaks are looked for.
    pub fn new(hash_key: [u8; 32], tripwire: bool) -> Self {
        Self { hash_key, tripwire, known: ArcSwap::default() }
    }

    /// The key in force; nothing before the first was read.
    pub fn current(&self) -> Option<Arc<Entry>> {
        self.known.load().current.clone()
    }

    /// Puts a version in force for every request armed from now on. The one before is wiped when the last request that
    /// borrowed it is done; its hash is kept, so that it is recognised.
    pub fn install(&self, version: Version) {
        let entry = Arc::new(Entry::new(version, self.tripwire, &self.hash_key));
        self.known.rcu(|known| {
            let before = known.current.iter().map(|current| (current.version.clone(), current.hash));
            let past = before.chain(known.past.iter().cloned()).filter(|(_, hash)| *hash != entry.hash).take(REMEMBERED);
            Known { past: past.collect(), current: Some(entry.clone()) }
        });
    }

    /// Which of the upstream's keys a presented string is. Compared by keyed hash, in constant time for each key.
    pub fn recognise(&self, presented: &[u8]) -> Option<Recognised> {
        let hash = blake3::keyed_hash(&self.hash_key, presented);
        let known = self.known.load();
        match &known.current {
            Some(current) if current.hash == hash => Some(Recognised::Live(current.version.clone())),
            _ => known.past.iter().find(|(_, past)| *past == hash).map(|(version, _)| Recognised::Past(version.clone())),
        }
    }

    /// Whether a presented string is the key in force.
    pub fn is_live_real(&self, presented: &[u8]) -> bool {
        matches!(self.recognise(presented), Some(Recognised::Live(_)))
    }
}

impl Entry {
    /// Takes a version in: locks its bytes and builds its needles.
    pub(crate) fn new(version: Version, tripwire: bool, hash_key: &[u8; 32]) -> Self {
        let Version { id, secret } = version;
        let locked = tollgate_sys::lock_memory(secret.expose()).is_ok();
        let hash = blake3::keyed_hash(hash_key, secret.expose());
        let needles = if tripwire { Needles::of(&secret) } else { None };
        Self { version: id, secret, hash, needles, locked }
    }

    /// The source's name of this version.
    pub const fn version(&self) -> &VersionId {
        &self.version
    }

    /// The key itself; every call of this is a place to review.
    pub const fn expose(&self) -> &[u8] {
        self.secret.expose()
    }

    /// Whether its bytes are kept out of swap.
    pub const fn is_locked(&self) -> bool {
        self.locked
    }

    /// Whether leaks of it are looked for.
    pub const fn has_tripwire(&self) -> bool {
        self.needles.is_some()
    }

    /// The form in which the key stands in these bytes, which are all there are.
    pub fn find(&self, bytes: &[u8]) -> Option<Form> {
        self.needles.as_ref().and_then(|needles| needles.find(bytes))
    }

    /// A search over bytes that come in chunks.
    pub fn tripwire(self: &Arc<Self>) -> Tripwire {
        Tripwire::new(self.clone())
    }

    pub(crate) const fn needles(&self) -> Option<&Needles> {
        self.needles.as_ref()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Entry({})", self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&[u8]; 2] = [b"0123456789abcdef0123456789abcdef", b"fedcba9876543210fedcba9876543210"];

    fn version(id: &str, key: &[u8]) -> Version {
        Version { id: VersionId::new(id), secret: Secret::new(key) }
    }

    #[test]
    fn an_empty_keyring_knows_no_key() {
        let keyring = Keyring::new([1; 32], true);
        assert!(keyring.current().is_none());
        assert_eq!(keyring.recognise(b""), None);
    }

    #[test]
    fn the_key_in_force_and_the_ones_before_it_are_recognised() {
        let keyring = Keyring::new([1; 32], true);
        keyring.install(version("file:1-1", KEYS[0]));
        let borrowed = keyring.current().unwrap();
        keyring.install(version("file:2-2", KEYS[1]));
        assert_eq!(keyring.current().unwrap().expose(), KEYS[1]);
        assert_eq!(borrowed.expose(), KEYS[0]);
        assert_eq!(keyring.recognise(KEYS[1]), Some(Recognised::Live(VersionId::new("file:2-2"))));
        assert_eq!(keyring.recognise(KEYS[0]), Some(Recognised::Past(VersionId::new("file:1-1"))));
        assert_eq!((keyring.is_live_real(KEYS[1]), keyring.is_live_real(KEYS[0])), (true, false));
        for near in [&KEYS[1][..31], b"FEDCBA9876543210fedcba9876543210", b"tgk_0000000000000000000000000000"] {
            assert_eq!(keyring.recognise(near), None);
        }
    }

    #[test]
    fn a_key_put_back_in_force_is_live_again() {
        let keyring = Keyring::new([1; 32], true);
        for (id, key) in [("1", KEYS[0]), ("2", KEYS[1]), ("3", KEYS[0])] {
            keyring.install(version(id, key));
        }
        assert_eq!(keyring.recognise(KEYS[0]), Some(Recognised::Live(VersionId::new("3"))));
        assert_eq!(keyring.recognise(KEYS[1]), Some(Recognised::Past(VersionId::new("2"))));
    }

    #[test]
    fn the_plaintext_of_a_key_goes_with_its_last_borrower() {
        let keyring = Keyring::new([1; 32], true);
        keyring.install(version("1", KEYS[0]));
        let borrowed = keyring.current().unwrap();
        let watched = Arc::downgrade(&borrowed);
        keyring.install(version("2", KEYS[1]));
        assert!(watched.upgrade().is_some());
        drop(borrowed);
        assert!(watched.upgrade().is_none());
    }

    #[test]
    fn se_05_a_key_has_no_text_form() {
        let shown = format!("{:?}{:?}", version("env:1", KEYS[0]), Entry::new(version("env:1", KEYS[0]), true, &[1; 32]));
        assert_eq!(shown, "Version(env:1)Entry(env:1)");
    }
}
