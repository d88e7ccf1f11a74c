//! May this key be used from this address?

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::answer::Code;
use crate::state::Inner;

/// Five wrong keys from one address within a minute are answered with `ERROR: 1004` for ten minutes (infosimples 1.2.0, table of rate codes).
const TOLERATED: usize = 5;
const WITHIN: Duration = Duration::from_mins(1);
/// v1 keys are 32 characters; any other length has its own refusal.
const KEY_LENGTH: usize = 32;

/// Which addresses presented wrong keys, and when.
#[derive(Default)]
pub(crate) struct WrongKeys {
    total: u64,
    by_peer: HashMap<IpAddr, Vec<Instant>>,
    banned_until: HashMap<IpAddr, Instant>,
}

impl WrongKeys {
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    fn count(&mut self, now: Instant, peer: IpAddr, ban: Option<Duration>) {
        self.total += 1;
        let recent = self.by_peer.entry(peer).or_default();
        recent.retain(|at| *at + WITHIN > now);
        recent.push(now);
        if let Some(ban) = ban.filter(|_| recent.len() >= TOLERATED) {
            recent.clear();
            self.banned_until.insert(peer, now + ban);
        }
    }

    fn bans(&self, now: Instant, peer: IpAddr) -> bool {
        self.banned_until.get(&peer).is_some_and(|until| *until > now)
    }
}

/// Checks the ban, the key and the address list, in that order: the list belongs to the account that the key names.
pub(super) fn admit(inner: &mut Inner, now: Instant, peer: IpAddr, key: &str) -> Result<(), Code> {
    let mode = &inner.mode;
    if mode.ban && inner.wrong_keys.bans(now, peer) {
        return Err("ERROR: 1004");
    }
    if !mode.keys.iter().any(|valid| valid == key) {
        inner.wrong_keys.count(now, peer, mode.ban.then(|| Duration::from_millis(mode.ban_ms)));
        let form = key.chars().count() == KEY_LENGTH;
        return Err(if form { "ERROR_KEY_DOES_NOT_EXIST" } else { "ERROR_WRONG_USER_KEY" });
    }
    if mode.allows(peer) { Ok(()) } else { Err("ERROR_IP_NOT_ALLOWED") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fifth_wrong_key_within_a_minute_bans_its_address_for_the_time() {
        let (mut wrong, now, peer) = (WrongKeys::default(), Instant::now(), IpAddr::from([192, 0, 2, 1]));
        let ban = Some(Duration::from_mins(10));
        for second in [0, 30, 59, 61] {
            wrong.count(now + Duration::from_secs(second), peer, ban);
        }
        let fourth = now + Duration::from_secs(61);
        assert!(!wrong.bans(fourth, peer), "the first is older than a minute");
        wrong.count(fourth, peer, ban);
        assert!(!wrong.bans(fourth, peer), "four within the minute");
        wrong.count(fourth, peer, ban);
        assert!(wrong.bans(fourth, peer));
        assert!(!wrong.bans(fourth, IpAddr::from([192, 0, 2, 2])));
        assert!(!wrong.bans(fourth + Duration::from_mins(10), peer));
        assert_eq!(wrong.total(), 6);
    }
}
