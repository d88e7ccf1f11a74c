//! Would these bytes give a key away? Every usual writing of it, searched for in one pass and over any split.
//!
//! The automaton holds the key as transitions, not as bytes in a row, and is freed with its entry.

mod form;
mod undone;

use std::sync::Arc;

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::dfa::DFA;
use aho_corasick::{Anchored, StartKind};
use tollgate_model::Secret;
use zeroize::Zeroizing;

use crate::keyring::Entry;

pub use form::Form;

/// Layers of escapes that are taken off: an echo in a JSON string in a page has two.
const LAYERS: usize = 3;

/// The writings of one key.
pub(crate) struct Needles {
    automaton: DFA,
    start: StateID,
    forms: Box<[Form]>,
}

/// Searches what passes by, chunk after chunk; once it has hit it stays hit.
pub struct Tripwire {
    entry: Arc<Entry>,
    state: Option<StateID>,
    hit: Option<Form>,
}

impl Needles {
    /// The needles of a key; nothing for one whose needles cannot be built, as an empty one has none.
    pub(crate) fn of(secret: &Secret) -> Option<Self> {
        let writings = form::writings(secret.expose());
        let patterns: Vec<&Zeroizing<Vec<u8>>> = writings.iter().map(|(_, writing)| writing).collect();
        // without a prefilter, so that no copy of a needle lies in one piece; without case, so that one needle stands for
        // upper and lower hex and for a key echoed in another case
        let automaton = DFA::builder()
            .prefilter(false)
            .ascii_case_insensitive(true)
            .start_kind(StartKind::Unanchored)
            .build(patterns.iter().map(|pattern| pattern.as_slice()))
            .ok()?;
        let start = automaton.start_state(Anchored::No).ok()?;
        let forms: Box<[Form]> = writings.iter().map(|(form, _)| *form).collect();
        if forms.is_empty() { None } else { Some(Self { automaton, start, forms }) }
    }

    fn step(&self, mut state: StateID, chunk: &[u8]) -> Result<StateID, Form> {
        for byte in chunk {
            state = self.automaton.next_state(Anchored::No, state, *byte);
            if self.automaton.is_special(state) && self.automaton.is_match(state) {
                let pattern = self.automaton.match_pattern(state, 0).as_usize();
                return Err(self.forms.get(pattern).copied().unwrap_or(Form::Raw));
            }
        }
        Ok(state)
    }

    /// The form in which the key stands in these bytes, or would stand for whoever takes off the escapes of any of its letters.
    pub(crate) fn find(&self, bytes: &[u8]) -> Option<Form> {
        // most answers are shorter than any writing of a key, and escapes make nothing longer
        if bytes.len() < self.automaton.min_pattern_len() {
            return None;
        }
        let as_it_stands = self.step(self.start, bytes).err();
        as_it_stands.or_else(|| {
            let mut layers = std::iter::successors(undone::undone(bytes), |plain| undone::undone(plain)).take(LAYERS);
            layers.any(|plain| self.step(self.start, &plain).is_err()).then_some(Form::Escaped)
        })
    }
}

impl Tripwire {
    /// Begins a search for the key of this entry.
    pub(crate) fn new(entry: Arc<Entry>) -> Self {
        let state = entry.needles().map(|needles| needles.start);
        Self { entry, state, hit: None }
    }

    /// Takes the next bytes, and says in which form the key has passed by so far.
    pub fn push(&mut self, chunk: &[u8]) -> Option<Form> {
        if self.hit.is_none()
            && let (Some(needles), Some(state)) = (self.entry.needles(), self.state)
        {
            match needles.step(state, chunk) {
                Ok(next) => self.state = Some(next),
                Err(form) => self.hit = Some(form),
            }
        }
        self.hit
    }
}

#[cfg(test)]
mod tests;
