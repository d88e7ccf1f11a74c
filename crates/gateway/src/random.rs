//! Where does chance come from? The system's generator, drawn in blocks so that a request costs no call.

use std::cell::RefCell;

/// A block of system randomness, used from its end.
pub(crate) struct Random {
    block: RefCell<Vec<u8>>,
    fill: fn(&mut [u8]) -> bool,
}

/// The system has no randomness to give: ids and boundaries cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system's random generator does not answer")]
pub(crate) struct NoRandomness;

const BLOCK: usize = 4096;

impl Random {
    /// Draws from the system.
    pub(crate) fn system() -> Self {
        Self { block: RefCell::new(Vec::with_capacity(BLOCK)), fill: |block| getrandom::fill(block).is_ok() }
    }

    /// The next bytes; no byte is given out twice.
    pub(crate) fn bytes<const N: usize>(&self) -> Result<[u8; N], NoRandomness> {
        let mut block = self.block.borrow_mut();
        if block.len() < N {
            block.resize(BLOCK, 0);
            if !(self.fill)(&mut block) {
                block.clear();
                return Err(NoRandomness);
            }
        }
        let rest = block.len() - N;
        let mut drawn = [0; N];
        for (place, byte) in drawn.iter_mut().zip(block.drain(rest..)) {
            *place = byte;
        }
        Ok(drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ft_14_without_randomness_there_are_no_ids() {
        let dry = Random { block: RefCell::default(), fill: |_| false };
        assert_eq!(dry.bytes::<10>(), Err(NoRandomness));
    }

    #[test]
    fn no_two_draws_are_alike() {
        let random = Random::system();
        let draws: std::collections::HashSet<[u8; 10]> = (0..2_000).map(|_| random.bytes().unwrap()).collect();
        assert_eq!(draws.len(), 2_000);
    }
}
