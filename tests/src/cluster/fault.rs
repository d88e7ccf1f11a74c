//! What can befall one of several gates, or what they share?

use crate::chance::Chance;
use crate::link::Wire;

/// One misfortune; gates by their place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// SIGKILL of a gate.
    Gate(usize),
    /// SIGKILL of PostgreSQL.
    Book,
    /// SIGKILL of Redis.
    Rates,
    /// A gate is cut off from PostgreSQL.
    BookWire(usize, Wire),
    /// A gate is cut off from Redis.
    RatesWire(usize, Wire),
    /// A gate's connections to the provider break.
    ProviderWire(usize),
    /// A gate is cut off from both engines at once, and nobody is told.
    Apart(usize),
}

impl Fault {
    pub(super) fn of(chance: &mut Chance) -> Self {
        let place = usize::try_from(chance.below(3)).unwrap_or(0);
        let wire = if chance.below(2) == 0 { Wire::Silent } else { Wire::Broken };
        match chance.below(7) {
            0 => Self::Gate(place),
            1 => Self::Book,
            2 => Self::Rates,
            3 => Self::BookWire(place, wire),
            4 => Self::RatesWire(place, wire),
            5 => Self::ProviderWire(place),
            _ => Self::Apart(place),
        }
    }

    /// Whether a call can have been sent whose end nobody knows.
    pub(super) const fn leaves_unknown(self) -> bool {
        matches!(self, Self::Gate(_) | Self::ProviderWire(_))
    }

    /// What the figures call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Gate(_) => "a gate killed",
            Self::Book => "PostgreSQL killed",
            Self::Rates => "Redis killed",
            Self::BookWire(..) => "a gate cut off from PostgreSQL",
            Self::RatesWire(..) => "a gate cut off from Redis",
            Self::ProviderWire(_) => "a gate cut off from the provider",
            Self::Apart(_) => "a gate cut off from both engines",
        }
    }
}
