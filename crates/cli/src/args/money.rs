//! The words about money of unknown outcome, of corrections, and of raises.

use clap::{Args, Subcommand};

#[derive(Subcommand)]
pub(crate) enum Books {
    /// Purchases of which nobody knows whether the provider charged them; they count as spent
    Unknown,
    /// Say what became of one of them: the log keeps who said it and why
    Resolve {
        /// Its id
        request: String,
        /// What it cost in dollars; `0` if the provider did no work
        #[arg(long)]
        cost: String,
        /// Why: where that stands
        #[arg(long)]
        reason: String,
    },
    /// Correct what a key has spent, and with it its team and its account: the log keeps who said it and why
    #[command(group(clap::ArgGroup::new("way").required(true)))]
    Adjust {
        /// The key's name
        key: String,
        /// So much more was spent, in dollars
        #[arg(long, group = "way")]
        up: Option<String>,
        /// So much less: it is taken off what the day's purchases have cost
        #[arg(long, group = "way")]
        down: Option<String>,
        /// On which UTC day; today unless given
        #[arg(long, value_name = "DATE")]
        on: Option<String>,
        /// Why: where that stands
        #[arg(long)]
        reason: String,
        /// A UUID drawn for it: said again under the same one, it is done once
        #[arg(long)]
        id: Option<String>,
    },
}

#[derive(Args)]
#[group(id = "raise")]
#[command(group(clap::ArgGroup::new("which").required(true)))]
pub(crate) struct Raise {
    /// To which amount, with the cap's own period and zone: `50/day`
    #[arg(long, group = "which")]
    pub(crate) cap: Option<String>,
    /// The same of a cap in tasks: `9000/day`
    #[arg(long, group = "which")]
    pub(crate) tasks: Option<String>,
    /// When it ends by itself: `4h`, or an instant
    #[arg(long, required_unless_present = "end")]
    pub(crate) until: Option<String>,
    /// Why; the log keeps it
    #[arg(long, required_unless_present = "end")]
    pub(crate) reason: Option<String>,
    /// End the raise of that cap now
    #[arg(long, conflicts_with_all = ["until", "reason"])]
    pub(crate) end: bool,
}
