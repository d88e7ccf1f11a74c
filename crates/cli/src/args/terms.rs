//! What may be said about a key or a team?

use clap::Args;

/// What a key or a team may do.
#[derive(Args, Default)]
pub(crate) struct Limits {
    /// A cap in dollars: `25/day`, `100/week`, `"400/month Europe/Berlin"`, `1000/total`, rolling `25/24h`, `5/hour`; `none` says aloud that there is none
    #[arg(long = "cap", value_name = "CAP")]
    pub(crate) caps: Vec<String>,
    /// A cap in tasks: `5000/day`
    #[arg(long, value_name = "CAP")]
    pub(crate) tasks: Vec<String>,
    /// A rate: `60/min`, `"60/min burst 6"`
    #[arg(long)]
    pub(crate) rate: Option<String>,
    /// Open tasks at once
    #[arg(long)]
    pub(crate) concurrency: Option<u32>,
}

/// A key's policy.
#[derive(Args, Default)]
pub(crate) struct Policy {
    #[command(flatten)]
    pub(crate) limits: Limits,
    /// The team whose limits it shares
    #[arg(long)]
    pub(crate) team: Option<String>,
    /// Address blocks it may be used from; `any` says aloud that every address may
    #[arg(long, value_name = "CIDR")]
    pub(crate) allow: Vec<String>,
    /// Weekdays and hours: `"Mon-Fri 09:00-17:00 Europe/Berlin"`
    #[arg(long)]
    pub(crate) hours: Vec<String>,
    /// When it ends: `90d`, or an instant
    #[arg(long)]
    pub(crate) expires: Option<String>,
    /// When it begins: an instant
    #[arg(long)]
    pub(crate) not_before: Option<String>,
    /// Methods it may submit, separated by commas
    #[arg(long, value_delimiter = ',')]
    pub(crate) methods: Vec<String>,
    /// Hosts it may name as a callback
    #[arg(long, value_delimiter = ',')]
    pub(crate) callbacks: Vec<String>,
    /// Pauses it when it buys or fails so many times faster than it did in the last hour: `10x`, `20x/30s`, `off`; `10x` unless said
    #[arg(long)]
    pub(crate) brake: Option<String>,
    /// The environment it is for
    #[arg(long)]
    pub(crate) env: Option<String>,
    /// A note for people
    #[arg(long)]
    pub(crate) note: Option<String>,
}
