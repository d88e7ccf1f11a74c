//! The words of `tollgate apply`.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
pub(crate) struct Apply {
    /// The file that declares teams and keys
    pub(crate) file: PathBuf,
    /// Print what would be changed, and change nothing; the exit code is 4 if anything would be
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do it without asking
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) yes: bool,
    /// The folder for the secrets of keys that are made, one file each; the file's `secrets` unless given
    #[arg(long, value_name = "DIR")]
    pub(crate) secrets: Option<PathBuf>,
}
