//! The words about where keys and money are kept.

use clap::Subcommand;

use super::ConfigFile;

#[derive(Subcommand)]
pub(crate) enum Store {
    /// Copy the state folder's own store into the empty database that `store` names, whole or not at all; its gate is stopped
    Copy {
        #[command(flatten)]
        file: ConfigFile,
        /// Say what would be copied, and write nothing to the database
        #[arg(long)]
        dry_run: bool,
    },
}
