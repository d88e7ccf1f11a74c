//! What is wrong with the file, where, and what would be right?

use std::fmt;
use std::path::{Path, PathBuf};

/// One mistake in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The file.
    pub file: PathBuf,
    /// Its line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// What is wrong, in one sentence; never a secret.
    pub what: String,
    /// What would be right.
    pub hint: Option<String>,
}

/// Every mistake of a file, by its place; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// Orders mistakes by their place; nothing if there are none.
    pub fn of(mut found: Vec<Mistake>) -> Option<Self> {
        found.sort_by_key(|mistake| (mistake.line, mistake.column));
        if found.is_empty() { None } else { Some(Self(found)) }
    }

    /// The one mistake that the file cannot be read at all.
    pub(crate) fn unreadable(file: &Path, what: String, hint: &str) -> Self {
        Self(vec![Mistake { file: file.to_owned(), line: 1, column: 1, what, hint: Some(hint.to_owned()) }])
    }

    /// The mistakes.
    pub fn list(&self) -> &[Mistake] {
        &self.0
    }
}

impl fmt::Display for Mistake {
    /// `tollgate.toml:3:1: unknown key …`, and a hint on its own line.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:{}: {}", self.file.display(), self.line, self.column, self.what)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(out, "\n  hint: {hint}"))
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, mistake) in self.0.iter().enumerate() {
            out.write_str(if place == 0 { "" } else { "\n" })?;
            write!(out, "{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}
