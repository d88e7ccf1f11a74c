//! How does an operator's correction reach books and log? Its line first, then every limit of the key; said again under its id, it is
//! done once.

#[cfg(test)]
mod tests;

use serde_json::Value;
use tollgate_admin::{AdjustedShown, Adjusting, Day, NotAdjusted};
use tollgate_audit::{CORRECTION, Corrected, Correction};
use tollgate_books::{Account, Adjustment, Spent, StoreError};
use tollgate_model::{Money, Name, Now, RequestId, Timestamp};

use super::desk::Inside;
use super::lane::DeskLane;

/// No task of an upstream that is gone is polled late.
const FORMER_DEADLINE_MS: u64 = 600_000;
/// The method of what was spent, and nobody knows on what.
const METHOD: &str = "correction";

/// What the log may have a line of, and the books do not know: they are told as soon as the line is out, or by the replay of the next
/// start. Until then nobody is told that it is done.
#[derive(Default)]
pub(super) struct Untold(Vec<Adjustment>);

impl Untold {
    /// Writes the line, and gives what the books are to be told: the line first, for a process that dies in between finds it at its
    /// start.
    fn write(
        &mut self,
        lane: &DeskLane,
        id: RequestId,
        line: &Correction,
        entries: Vec<Adjustment>,
    ) -> Result<Vec<Adjustment>, NotAdjusted> {
        self.0.extend(entries);
        let hint = |error| format!("the correction `{id}` is not written down yet: {error}; say it again with this `id`, not without");
        lane.correction(id, line).map_err(|error| NotAdjusted::Unavailable(hint(error)))?;
        Ok(std::mem::take(&mut self.0))
    }

    /// Gives what was owed, if the lane can be written.
    fn out(&mut self, lane: &DeskLane) -> Result<Vec<Adjustment>, NotAdjusted> {
        let why = |error| format!("the audit log cannot be written: {error}; nothing was corrected, try again later");
        lane.written().map_err(|error| NotAdjusted::Unavailable(why(error)))?;
        Ok(std::mem::take(&mut self.0))
    }
}

impl Inside {
    /// One correction at a time: what one takes off is not there for the next.
    pub(super) async fn adjusted(&self, asked: Adjusting) -> Result<AdjustedShown, NotAdjusted> {
        let mut untold = self.adjusting.lock().await;
        // before the log is asked: the line of one that failed may be there by now
        self.tell(untold.out(&self.lane)?);
        if let Some(before) = self.said_before(&asked).await? {
            return Ok(before);
        }
        let now = self.gate.clock.now();
        self.account(&asked.record.upstream).ok_or_else(|| NotAdjusted::NoAccount(asked.record.upstream.clone()))?;
        let entries = if asked.amount > Money::ZERO { put_on(&asked, now)? } else { self.taken_off(&asked).await? };
        let id = asked.id.map_or_else(|| draw(now.wall), Ok)?;
        let correction = Correction {
            key: asked.record.id,
            name: asked.record.name.clone(),
            on: asked.on.to_string(),
            amount: asked.amount.to_string(),
            reason: asked.reason,
            entries: entries.iter().map(corrected).collect(),
        };
        self.tell(untold.write(&self.lane, id, &correction, entries)?);
        Ok(shown(id, &correction, false))
    }

    fn account(&self, name: &Name) -> Option<&Account> {
        self.upstreams.iter().find(|(upstream, _)| upstream.name == *name).map(|(upstream, _)| &*upstream.account)
    }

    /// What was bought at an upstream that the configuration does not name any more is taken off there all the same.
    fn tell(&self, entries: Vec<Adjustment>) {
        let now = self.gate.clock.now();
        for entry in entries {
            match self.account(&entry.upstream) {
                Some(account) => account.adjust(entry, now),
                None => self.gate.books.account(&entry.upstream, FORMER_DEADLINE_MS).adjust(entry, now),
            }
        }
        self.lane.told();
    }

    /// What the log has under this id; nothing if it was not said before.
    async fn said_before(&self, asked: &Adjusting) -> Result<Option<AdjustedShown>, NotAdjusted> {
        let Some(id) = asked.id else { return Ok(None) };
        let folder = self.audit.clone();
        let found = tokio::task::spawn_blocking(move || tollgate_audit::about(&folder, id)).await;
        let unreadable = || NotAdjusted::Unavailable("the audit log cannot be read".to_owned());
        let found = found.map_err(|_| unreadable())?.map_err(|_| unreadable())?;
        let mut lines = found.iter().map(|found| &found.value);
        let Some(line) = lines.find(|line| text(line, "/event/action") == Some(CORRECTION)) else {
            return if found.is_empty() { Ok(None) } else { Err(NotAdjusted::Taken) };
        };
        let before = Correction::of(line).ok_or_else(unreadable)?;
        let same = before.key == asked.record.id && before.amount == asked.amount.to_string() && before.on == asked.on.to_string();
        if same { Ok(Some(shown(id, &before, true))) } else { Err(NotAdjusted::Taken) }
    }

    async fn taken_off(&self, asked: &Adjusting) -> Result<Vec<Adjustment>, NotAdjusted> {
        let (key, amount) = (asked.record.id, Money::from_nanos(asked.amount.nanos().saturating_neg()));
        let spent = self.gate.books.spent(key, asked.on.begins(), asked.on.ends()).await;
        let spent = spent.map_err(|error: StoreError| NotAdjusted::Unavailable(error.to_string()))?;
        let (name, on) = (&asked.record.name, asked.on);
        let parts = tollgate_books::taken_off(spent, amount);
        let parts = parts.map_err(|settled| NotAdjusted::TooLittle { key: name.clone(), settled, on: on.to_string() })?;
        let entry = |(Spent { at, team, upstream, method, .. }, part): (Spent, Money)| {
            let amount = Money::from_nanos(part.nanos().saturating_neg());
            Ok(Adjustment { request: draw(at)?, key, team, upstream, method, at, amount })
        };
        parts.into_iter().map(entry).collect()
    }
}

/// Of today it counts from now on, of another day in the windows of its noon.
fn put_on(asked: &Adjusting, now: Now) -> Result<Vec<Adjustment>, NotAdjusted> {
    let at = if asked.on == Day::of(now.wall) { now.wall } else { asked.on.noon() };
    let Adjusting { record, amount, .. } = asked;
    let (team, upstream) = (record.terms.team.clone(), record.upstream.clone());
    Ok(vec![Adjustment { request: draw(at)?, key: record.id, team, upstream, method: METHOD.to_owned(), at, amount: *amount }])
}

/// An id that begins with an instant.
fn draw(at: Timestamp) -> Result<RequestId, NotAdjusted> {
    let mut random = [0; 10];
    let drawn = getrandom::fill(&mut random);
    drawn.map_err(|_| NotAdjusted::Unavailable("the system's random generator does not answer".to_owned()))?;
    Ok(RequestId::new(at, random))
}

fn corrected(entry: &Adjustment) -> Corrected {
    let Adjustment { request, team, upstream, method, at, amount, .. } = entry.clone();
    Corrected { request, team, upstream, method, at_ms: at.millis(), nanos: amount.nanos() }
}

/// What the books are told of a line.
pub(super) fn entries(correction: Correction) -> impl Iterator<Item = Adjustment> {
    let key = correction.key;
    correction.entries.into_iter().map(move |Corrected { request, team, upstream, method, at_ms, nanos }| {
        let (at, amount) = (Timestamp::from_millis(at_ms), Money::from_nanos(nanos));
        Adjustment { request, key, team, upstream, method, at, amount }
    })
}

fn shown(id: RequestId, correction: &Correction, repeated: bool) -> AdjustedShown {
    let Correction { name, on, amount, entries, .. } = correction.clone();
    AdjustedShown { id: id.to_string(), key: name, on, amount, entries: entries.len(), repeated }
}

fn text<'l>(line: &'l Value, place: &str) -> Option<&'l str> {
    line.pointer(place)?.as_str()
}
