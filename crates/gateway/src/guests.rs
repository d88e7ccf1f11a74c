//! Who holds the gate's connections? All of them are counted, and each address's: nobody may hold so many that others find none.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

/// The open connections over all workers; touched when one opens or ends, by no request.
#[derive(Default)]
pub struct Guests {
    open: AtomicUsize,
    by_source: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection in the counts, until it is dropped.
pub(crate) struct Guest {
    guests: Arc<Guests>,
    source: IpAddr,
}

impl Guests {
    /// Connections open.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Counts a connection in; nothing if all are taken, or three quarters of them by its own address. A proxy that is trusted
    /// speaks for many, and may take all.
    pub(crate) fn enter(self: &Arc<Self>, source: IpAddr, most: usize, speaks_for_many: bool) -> Option<Guest> {
        let mut by_source = self.by_source.lock();
        let share = if speaks_for_many { most } else { (most - most / 4).max(1) };
        if self.open() >= most || by_source.get(&source).is_some_and(|held| *held >= share) {
            return None;
        }
        *by_source.entry(source).or_default() += 1;
        self.open.fetch_add(1, Ordering::Relaxed);
        Some(Guest { guests: self.clone(), source })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut by_source = self.guests.by_source.lock();
        self.guests.open.fetch_sub(1, Ordering::Relaxed);
        if let Some(held) = by_source.get_mut(&self.source) {
            *held -= 1;
            if *held == 0 {
                by_source.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn do_01_one_address_leaves_a_quarter_to_others_and_what_ends_is_free_again() {
        let guests = Arc::new(Guests::default());
        let (one, other) = ("203.0.113.1".parse().unwrap(), "203.0.113.2".parse().unwrap());
        let mut held: Vec<_> = (0..8).filter_map(|_| guests.enter(one, 8, false)).collect();
        assert_eq!((held.len(), guests.open()), (6, 6));
        held.extend((0..8).filter_map(|_| guests.enter(other, 8, false)));
        assert_eq!(guests.open(), 8, "all are taken");
        held.clear();
        assert_eq!((guests.open(), guests.by_source.lock().len()), (0, 0));
        held.extend((0..9).filter_map(|_| guests.enter(one, 8, true)));
        assert_eq!(guests.open(), 8, "a proxy may take all");
    }
}
