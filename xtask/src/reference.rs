//! The pages of docs/reference, written from the code: what it does not say cannot stand there.

mod commands;
mod denials;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::repository::Repository;

/// A page: its name, and what writes it.
type Page = (&'static str, fn(&Repository) -> Result<String>);

const PAGES: &[Page] =
    &[("configuration.md", |_| Ok(tollgate_config::reference())), ("denials.md", |_| denials::page()), ("commands.md", commands::page)];
const FOLDER: &str = "docs/reference";

/// Writes every page, or with `--check` fails if one differs.
pub(crate) fn run(at: &Repository, words: &[String]) -> Result<()> {
    let check = words.iter().any(|word| word == "--check");
    let folder = at.root.join(FOLDER);
    fs::create_dir_all(&folder)?;
    let mut stale = Vec::new();
    for (name, write) in PAGES {
        let page = write(at)?;
        let path = folder.join(name);
        if fs::read_to_string(&path).ok().as_deref() == Some(page.as_str()) {
            continue;
        }
        if check {
            stale.push(*name);
        } else {
            replace(&path, &page)?;
            println!("wrote {FOLDER}/{name}");
        }
    }
    if !stale.is_empty() {
        bail!("{FOLDER}: {} differ from the code\nhint: `cargo xtask gen`", stale.join(", "));
    }
    Ok(())
}

fn replace(path: &Path, page: &str) -> Result<()> {
    fs::write(path, page).with_context(|| format!("cannot write {}", path.display()))
}
