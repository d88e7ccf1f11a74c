//! What does the desk ask of the running gate? The port that the binary implements; the desk knows no worker and no room.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use tollgate_books::{LimitView, StoreError, UsageRow};
use tollgate_model::{CidrSet, Money, Name, RequestId};
use tollgate_policy::PriceTable;
use tollgate_registry::KeyRecord;

use crate::day::Day;

/// A pending answer.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Whose limits.
#[derive(Clone, Copy, Debug)]
pub enum Whose<'a> {
    /// A key's own, and its team's.
    Key(&'a Name),
    /// A team's.
    Team(&'a Name),
    /// An upstream account's.
    Upstream(&'a Name),
}

/// An upstream account, as an operator sees it; nothing of its key.
#[derive(Clone, Debug, Serialize)]
pub struct UpstreamShown {
    /// Its name.
    pub name: Name,
    /// Its profile.
    pub profile: String,
    /// Its host.
    pub host: String,
    /// The version of the real key in force; none before it was read.
    pub secret_version: Option<String>,
    /// Dollars a task, by method.
    pub prices: Vec<(String, String)>,
    /// Which table that is; the start's line in the log has each with its version.
    pub prices_version: String,
    /// Methods that were stopped: they cost more than their price says.
    pub stopped: Vec<String>,
    /// The plan, where it is sold by threads.
    pub plan: Option<PlanShown>,
}

/// A plan by threads.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PlanShown {
    /// Dollars a month.
    pub monthly: Money,
    /// Tasks worked on at once.
    pub threads: u32,
}

/// A purchase of which nobody knows whether the provider charged it; it counts as spent.
#[derive(Clone, Debug, Serialize)]
pub struct UnknownShown {
    /// The request's id.
    pub request: String,
    /// The key's name, or its id if it has none any more.
    pub key: String,
    /// The account.
    pub upstream: Name,
    /// The priced method.
    pub method: String,
    /// Dollars.
    pub held: String,
    /// When it was admitted.
    pub at: String,
}

/// What became of it.
#[derive(Clone, Debug, Serialize)]
pub struct ResolvedShown {
    /// Dollars that were held.
    pub held: String,
    /// Dollars that it cost; zero if the provider did no work.
    pub settled: String,
    /// Whether its money and its task returned.
    pub voided: bool,
}

/// A correction of what a key has spent.
#[derive(Clone, Debug)]
pub struct Adjusting {
    /// Drawn by the caller: said again, it is done once.
    pub id: Option<RequestId>,
    /// Whose.
    pub record: Arc<KeyRecord>,
    /// Which UTC day: its windows are those of the purchases that are corrected, else of its noon, or of now if that is not over.
    pub on: Day,
    /// How much more was spent; below zero: less.
    pub amount: Money,
    /// Why.
    pub reason: String,
}

/// What was corrected.
#[derive(Clone, Debug, Serialize)]
pub struct AdjustedShown {
    /// The correction's id.
    pub id: String,
    /// The key's name.
    pub key: Name,
    /// The UTC day.
    pub on: String,
    /// Dollars; below zero: less was spent.
    pub amount: String,
    /// In how many minutes' purchases it was taken off; one if it was put on.
    pub entries: usize,
    /// Whether it was done before, and nothing now.
    pub repeated: bool,
}

/// Why nothing was corrected.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotAdjusted {
    /// Less was settled than is to be taken off.
    #[error("`{key}` has ${settled} settled on {on}, less than is to be taken off: name the day with `on`")]
    TooLittle {
        /// The key's name.
        key: Name,
        /// Dollars.
        settled: Money,
        /// The day.
        on: String,
    },
    /// The id stands for another correction.
    #[error("this id stands for another correction: `explain` tells which")]
    Taken,
    /// The key's account is not configured any more.
    #[error("the upstream `{0}` is not configured: its books are kept by nobody")]
    NoAccount(Name),
    /// The book, the log or the random generator does not answer.
    #[error("{0}: try again")]
    Unavailable(String),
}

/// A provider's key that was recognised.
#[derive(Clone, Debug)]
pub struct RealKey {
    /// Of which account.
    pub upstream: Name,
    /// The source's name of the version.
    pub version: String,
    /// Whether it is the one in force.
    pub live: bool,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// `error`: paid calls are refused; `warning`: they are not.
    pub severity: &'static str,
    /// What is so.
    pub what: String,
    /// What to do.
    pub fix: String,
}

/// Numbers since the start.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Answers that went through, by operation.
    pub allowed: Vec<(&'static str, u64)>,
    /// Refusals, by code.
    pub denied: Vec<(&'static str, u64)>,
    /// Failures, by code.
    pub failed: Vec<(&'static str, u64)>,
    /// Connections open now.
    pub connections: u64,
    /// Lanes of the journal that cannot be written now.
    pub lanes_failing: u64,
    /// How often a request waited for the mutex of its account.
    pub account_waits: u64,
    /// Where rates are counted together with other gates.
    pub rates: Option<RateCounts>,
}

/// Rates that are counted together with other gates.
#[derive(Clone, Copy, Debug, Default)]
pub struct RateCounts {
    /// Calls that were counted together.
    pub asked: u64,
    /// Calls that this gate counted by its own share.
    pub alone: u64,
    /// Times that the shared counter was lost.
    pub lost: u64,
    /// Accounts whose rates are not counted together now.
    pub away: u64,
}

/// The running gate.
pub trait Gate: Send + Sync + 'static {
    /// Why it takes no paid calls; nothing when it does.
    fn unready(&self) -> Option<String>;
    /// The upstream accounts.
    fn upstreams(&self) -> Vec<UpstreamShown>;
    /// An upstream's prices, against which a key's terms are checked.
    fn prices(&self, upstream: &Name) -> Option<PriceTable>;
    /// The blocks that a name stands for in allowlists.
    fn set(&self, name: &str) -> Option<CidrSet>;
    /// Where limits stand.
    fn limits<'a>(&'a self, whose: Whose<'a>) -> Pending<'a, Vec<LimitView>>;
    /// Usage of the UTC days from `since` to `until`, both included.
    fn usage<'a>(&'a self, since: &'a str, until: &'a str) -> Pending<'a, Result<Vec<UsageRow>, StoreError>>;
    /// Money of unknown outcome, oldest first.
    fn unknowns(&self) -> Vec<UnknownShown>;
    /// Ends one of them on the operator's word: at its cost, or with nothing, and writes down why; nothing if there is none.
    fn resolve(&self, request: RequestId, cost: Option<Money>, reason: &str) -> Option<ResolvedShown>;
    /// Corrects what a key has spent, in all its limits, and writes it down.
    fn adjust(&self, asked: Adjusting) -> Pending<'_, Result<AdjustedShown, NotAdjusted>>;
    /// Whether this string is a provider's key.
    fn recognise(&self, presented: &[u8]) -> Option<RealKey>;
    /// The audit log's folder.
    fn audit(&self) -> &Path;
    /// What is not as it should be.
    fn findings(&self) -> Vec<Finding>;
    /// Numbers since the start.
    fn counts(&self) -> Counts;
}
