//! Where is this repository, where does it build, and what are its files?

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::step;

/// The checked-out workspace.
pub(crate) struct Repository {
    /// Its folder.
    pub(crate) root: PathBuf,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
    /// Its packages.
    pub(crate) packages: Vec<Package>,
}

/// What `cargo metadata` says, as far as it is asked.
#[derive(Deserialize)]
struct Metadata {
    workspace_root: PathBuf,
    target_directory: PathBuf,
    packages: Vec<Package>,
}

/// A package of the workspace.
#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) dependencies: Vec<Dependency>,
}

/// A package that another one uses directly.
#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `dev`, `build`, or none for what ships.
    pub(crate) kind: Option<String>,
}

impl Repository {
    /// Asks cargo; works from any folder inside the workspace.
    pub(crate) fn find() -> Result<Self> {
        let mut metadata = Command::new("cargo");
        metadata.args(["metadata", "--format-version", "1", "--no-deps"]);
        if let Some(folder) = step::variable("CARGO_MANIFEST_DIR") {
            metadata.current_dir(folder);
        }
        let metadata: Metadata = serde_json::from_slice(&step::output(&mut metadata)?).context("cargo metadata cannot be read")?;
        Ok(Self { root: metadata.workspace_root, target: metadata.target_directory, packages: metadata.packages })
    }

    /// A cargo command in this repository.
    pub(crate) fn cargo<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, words: I) -> Command {
        let mut command = Command::new("cargo");
        command.args(words).current_dir(&self.root);
        command
    }

    /// The gate's binary: the one in `TOLLGATE_BIN`, else one built now.
    pub(crate) fn gate(&self) -> Result<PathBuf> {
        if let Some(path) = step::variable("TOLLGATE_BIN") {
            return Ok(path.into());
        }
        step::passes(&mut self.cargo(["build", "--quiet", "--profile", "quick", "--package", "tollgate"]))?;
        Ok(self.target.join("quick").join("tollgate"))
    }

    /// The gate that dies at named points: the one in `TOLLGATE_FAULT_BIN`, else one built now, beside the gate itself.
    pub(crate) fn fault_gate(&self) -> Result<PathBuf> {
        if let Some(path) = step::variable("TOLLGATE_FAULT_BIN") {
            return Ok(path.into());
        }
        let build = ["build", "--quiet", "--profile", "quick", "--package", "tollgate"];
        let built = self.target.join("quick").join("tollgate");
        let kept = built.with_file_name("tollgate-fault");
        step::passes(&mut self.cargo(build.iter().chain(&["--features", "fault"])))?;
        fs::copy(&built, &kept).with_context(|| format!("cannot write {}", kept.display()))?;
        // cargo puts both under one name: the last one built must be what ships
        step::passes(&mut self.cargo(build))?;
        Ok(kept)
    }

    /// Every Rust file of the workspace, as paths relative to the root, sorted.
    pub(crate) fn rust_files(&self) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for folder in ["crates", "xtask", "tests"] {
            collect(&self.root, Path::new(folder), &mut found)?;
        }
        found.sort();
        Ok(found)
    }
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(root.join(folder)).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect(root, &path, found)?;
        } else if path.extension() == Some(OsStr::new("rs")) {
            found.push(path);
        }
    }
    Ok(())
}
