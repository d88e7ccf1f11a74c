//! What may be typed? Nouns and verbs as PRODUCT's surface has them; a secret is never an argument.

mod apply;
mod money;
mod store;
mod terms;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use apply::Apply;
pub(crate) use money::{Books, Raise};
pub(crate) use store::Store;
pub(crate) use terms::{Limits, Policy};

/// A self-hosted gate in front of metered HTTP APIs
#[derive(Parser)]
#[command(name = "tollgate", version, disable_help_subcommand = true)]
pub(crate) struct Tollgate {
    /// The state folder of the gate to speak to (or `TOLLGATE_STATE`)
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Print one line of JSON instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) noun: Noun,
}

#[derive(Subcommand)]
pub(crate) enum Noun {
    /// Play the defence matrix on a sandbox and print it
    Demo(Demo),
    /// Run a sandbox, a gate and one key in one process, with state in a temporary folder
    Dev(Dev),
    /// Write a commented tollgate.toml and the state folder
    Init {
        /// Where; the current folder unless given
        dir: Option<PathBuf>,
    },
    /// Read the configuration, report every mistake, print what is in force
    Check(ConfigFile),
    /// Run the gate
    Serve(Serve),
    /// Run the provider simulator
    Sandbox(Sandbox),
    /// Look at a running gate: keys, clock, disk; each finding with its fix
    Doctor(ConfigFile),
    /// Virtual keys
    #[command(subcommand)]
    Key(Key),
    /// Teams and their shared limits
    #[command(subcommand)]
    Team(Team),
    /// Make teams and keys what a file says; the difference is shown first
    Apply(Apply),
    /// Money of unknown outcome
    #[command(subcommand)]
    Books(Books),
    /// Where keys and money are kept
    #[command(subcommand)]
    Store(Store),
    /// What was spent
    Usage(Usage),
    /// Say what the gate would answer, or why it answered as it did
    Explain(Explain),
    /// Say what one's own key may do and why it was refused
    Why(Why),
    /// Ask about a leaked string on standard input: whose, live, used from where, spent
    Trace {
        /// `-`: the string is read from standard input
        from: String,
    },
    /// The audit log
    #[command(subcommand)]
    Audit(Audit),
}

#[derive(Args)]
pub(crate) struct Demo {
    /// Print the matrix and end, instead of staying up
    #[arg(long)]
    pub(crate) once: bool,
}

#[derive(Args)]
pub(crate) struct Dev {
    /// Where the gate listens
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Where the gate listens with TLS
    #[arg(long, default_value = "127.0.0.1:8443")]
    pub(crate) listen_tls: SocketAddr,
    /// Where the admin API listens
    #[arg(long, default_value = "127.0.0.1:8081")]
    pub(crate) admin: SocketAddr,
    /// Where the sandbox listens
    #[arg(long, default_value = "127.0.0.1:8090")]
    pub(crate) sandbox: SocketAddr,
}

#[derive(Args)]
pub(crate) struct ConfigFile {
    /// The configuration
    #[arg(short, long, default_value = "tollgate.toml", value_name = "FILE")]
    pub(crate) config: PathBuf,
}

#[derive(Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) file: ConfigFile,
    /// Move the first listener
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// Move the admin listener
    #[arg(long, value_name = "ADDR")]
    pub(crate) admin: Option<SocketAddr>,
    /// Spend from the shared store as it is, though it is behind what this gate has seen of it
    #[arg(long)]
    pub(crate) accept_store: bool,
    /// Take the clock as it is, though it stands before the last line of the audit log
    #[arg(long)]
    pub(crate) accept_clock: bool,
}

#[derive(Args)]
pub(crate) struct Sandbox {
    /// Where it listens
    #[arg(long, default_value = "127.0.0.1:8090")]
    pub(crate) listen: SocketAddr,
}

#[derive(Subcommand)]
pub(crate) enum Key {
    /// Make a key; it is printed once
    Create {
        /// Its name
        name: String,
        /// The upstream it is for; may be left out when there is one
        #[arg(long)]
        upstream: Option<String>,
        /// Take the policy of this key where nothing else is said
        #[arg(long)]
        like: Option<String>,
        #[command(flatten)]
        policy: Box<Policy>,
    },
    /// All keys
    List,
    /// One key
    Show {
        /// Its name
        name: String,
    },
    /// Change a key's policy
    Set {
        /// Its name
        name: String,
        #[command(flatten)]
        policy: Box<Policy>,
        /// Checks that are recorded and let pass: `network,hours,rate`
        #[arg(long, value_delimiter = ',', requires = "until")]
        observe: Vec<String>,
        /// When observing ends: `7d`, or an instant
        #[arg(long)]
        until: Option<String>,
    },
    /// Give a key a second secret; the old one goes on for the overlap
    Rotate {
        /// Its name
        name: String,
        /// How long both secrets are valid
        #[arg(long, default_value = "24h", conflicts_with = "now")]
        overlap: String,
        /// End the old secret at once: it has leaked
        #[arg(long)]
        now: bool,
    },
    /// Withdraw a key for good
    Revoke {
        /// Its name
        name: String,
    },
    /// Refuse a key's submissions until resumed
    Pause {
        /// Its name
        name: String,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// End a pause
    Resume {
        /// Its name
        name: String,
    },
    /// Raise one of its caps for a while, or end a raise
    Raise {
        /// Its name
        name: String,
        #[command(flatten)]
        raise: Raise,
    },
}

#[derive(Subcommand)]
pub(crate) enum Team {
    /// Make a team
    Create {
        /// Its name
        name: String,
        #[command(flatten)]
        limits: Limits,
    },
    /// All teams
    List,
    /// One team
    Show {
        /// Its name
        name: String,
    },
    /// Change a team's limits
    Set {
        /// Its name
        name: String,
        #[command(flatten)]
        limits: Limits,
    },
    /// Raise one of its caps for a while, or end a raise
    Raise {
        /// Its name
        name: String,
        #[command(flatten)]
        raise: Raise,
    },
}

#[derive(Args)]
pub(crate) struct Usage {
    /// Summed by what
    #[arg(long, default_value = "key", value_parser = ["key", "team", "method", "day"])]
    pub(crate) by: String,
    /// Since when: `7d`
    #[arg(long, default_value = "7d", conflicts_with = "month")]
    pub(crate) since: String,
    /// Of one calendar month: `2026-11`
    #[arg(long)]
    pub(crate) month: Option<String>,
}

#[derive(Args)]
pub(crate) struct Explain {
    /// A request's id, as in the header `Tollgate-Request-Id`
    #[arg(conflicts_with = "key", required_unless_present = "key")]
    pub(crate) request: Option<String>,
    /// The name of a key
    #[arg(long, requires = "from")]
    pub(crate) key: Option<String>,
    /// The address it would come from
    #[arg(long)]
    pub(crate) from: Option<IpAddr>,
    /// The instant; now unless given
    #[arg(long)]
    pub(crate) at: Option<String>,
    /// The method it would submit
    #[arg(long)]
    pub(crate) method: Option<String>,
}

#[derive(Args)]
pub(crate) struct Why {
    /// A file with the key; standard input unless given
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// The gate
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub(crate) gate: String,
}

#[derive(Subcommand)]
pub(crate) enum Audit {
    /// The last lines
    Tail {
        /// How many
        #[arg(short, long, default_value_t = 20)]
        n: usize,
        /// Go on with new ones
        #[arg(short, long)]
        follow: bool,
    },
    /// Prove that nothing was altered, removed or reordered
    Verify {
        /// The log's folder; the running gate's unless given
        dir: Option<PathBuf>,
    },
}
