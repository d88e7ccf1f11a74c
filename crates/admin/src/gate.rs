//! What does the desk ask of the running gate? The port that the binary implements; the desk knows no worker and no room.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;

use serde::Serialize;
use tollgate_books::{LimitView, StoreError, UsageRow};
use tollgate_model::{CidrSet, Money, Name, RequestId};
use tollgate_policy::PriceTable;

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
    /// Methods that were stopped: they cost more than their price says.
    pub stopped: Vec<String>,
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
    /// Whether this string is a provider's key.
    fn recognise(&self, presented: &[u8]) -> Option<RealKey>;
    /// The audit log's folder.
    fn audit(&self) -> &Path;
    /// What is not as it should be.
    fn findings(&self) -> Vec<Finding>;
    /// Numbers since the start.
    fn counts(&self) -> Counts;
}
