//! `tollgate apply`: teams and keys as a file declares them; the difference is shown first.

mod act;
mod difference;
mod form;
mod plan;
mod secrets;
mod told;

use std::io::{self, IsTerminal};

use anyhow::Context;
use tollgate_config::Manifest;

use self::plan::Plan;
use self::secrets::Folder;
use crate::args::Apply;
use crate::desk::Desk;
use crate::exit::{Failed, Outcome};

/// Exit 2 with every mistake of the file and nothing done; with `--dry-run` 0 or 4; else done, or how far it came.
pub(crate) fn run(asked: &Apply, desk: &Desk, json: bool) -> Outcome {
    if json && !asked.dry_run && !asked.yes {
        return Err(Failed::usage("`--json` asks nobody").hint("`--yes` does it without asking, `--dry-run` only shows it"));
    }
    let manifest = Manifest::load(&asked.file).map_err(Failed::usage)?;
    let folder = asked.secrets.clone().or_else(|| manifest.secrets.clone()).map(Folder::at).transpose()?;
    let plan = Plan::made(&manifest, desk, folder.as_ref())?;
    if asked.dry_run || plan.steps.is_empty() {
        told::tell(&plan, &[], json)?;
        let differs = Failed::differs("the gate differs from the file").hint("`tollgate apply` without `--dry-run` does what is shown");
        return if plan.steps.is_empty() { folder.map_or(Ok(()), |folder| folder.tidy(&plan, asked.dry_run)) } else { Err(differs) };
    }
    let folder = match folder {
        None if plan.makes_secrets() => {
            return Err(Failed::usage("there are keys to make, and no place for their secrets")
                .hint("`--secrets DIR` names a folder, or `secrets` at the top of the file"));
        }
        folder => folder,
    };
    if !json {
        told::tell(&plan, &[], false)?;
    }
    if !asked.yes && !agreed()? {
        return Err(Failed::new("nothing was changed"));
    }
    let kept = act::run(&plan, desk, folder.as_ref())?;
    if json { told::tell(&plan, &kept, true) } else { told::done(&plan, &kept) }
}

/// Asks on the terminal; whatever is not yes is no.
fn agreed() -> Result<bool, Failed> {
    if !io::stdin().is_terminal() {
        return Err(Failed::usage("there is no terminal to ask on, and nothing was changed")
            .hint("`--yes` does it without asking, `--dry-run` only shows it"));
    }
    eprint!("do it? [y/N] ");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
