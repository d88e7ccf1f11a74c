//! The pages of docs/reference, written from the code, and the figures of docs/performance, written from the last full run:
//! what these do not say cannot stand there.

mod commands;
mod denials;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::bench;
use crate::repository::Repository;

/// A page: where it is, and what writes it.
type Page = (&'static str, fn(&Repository) -> Result<String>);

const PAGES: &[Page] = &[
    ("docs/reference/configuration.md", |_| Ok(tollgate_config::reference())),
    ("docs/reference/manifest.md", |_| Ok(tollgate_config::manifest_reference())),
    ("docs/reference/denials.md", |_| denials::page()),
    ("docs/reference/commands.md", commands::page),
];

/// Writes every page, or with `--check` fails if one differs.
pub(crate) fn run(at: &Repository, words: &[String]) -> Result<()> {
    let check = words.iter().any(|word| word == "--check");
    let mut pages = PAGES.iter().map(|(path, write)| Ok((Path::new(path).to_owned(), write(at)?))).collect::<Result<Vec<_>>>()?;
    pages.extend(bench::page::written(at)?);
    let mut stale = Vec::new();
    for (name, page) in pages {
        let path = at.root.join(&name);
        if fs::read_to_string(&path).ok().as_deref() == Some(page.as_str()) {
            continue;
        }
        if check {
            stale.push(name.display().to_string());
        } else {
            replace(&path, &page)?;
            println!("wrote {}", name.display());
        }
    }
    if !stale.is_empty() {
        bail!("{} differ from the code\nhint: `cargo xtask gen`", stale.join(", "));
    }
    Ok(())
}

fn replace(path: &Path, page: &str) -> Result<()> {
    fs::create_dir_all(path.parent().context("a page without a folder")?)?;
    fs::write(path, page).with_context(|| format!("cannot write {}", path.display()))
}
