//! The file being read, and the mistakes found in it so far.

use std::cell::RefCell;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::mistake::{Mistake, Mistakes};

/// One configuration file on its way to settings.
pub(crate) struct Page<'t> {
    file: &'t Path,
    text: &'t str,
    is_file: fn(&Path) -> bool,
    found: RefCell<Vec<Mistake>>,
}

impl<'t> Page<'t> {
    /// The page of a file's text; `is_file` says whether a file that it names is there.
    pub(crate) fn new(file: &'t Path, text: &'t str, is_file: fn(&Path) -> bool) -> Self {
        Self { file, text, is_file, found: RefCell::default() }
    }

    /// Notes a mistake at a place of the text.
    pub(crate) fn mistake(&self, at: &Range<usize>, what: impl Into<String>, hint: impl Into<Option<String>>) {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        let line_begins = before.rfind('\n').map_or(0, |newline| newline + 1);
        self.found.borrow_mut().push(Mistake {
            file: self.file.to_owned(),
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before.get(line_begins..).unwrap_or_default().chars().count() + 1,
            what: what.into(),
            hint: hint.into(),
        });
    }

    /// A path of the file: relative ones stand beside the file itself.
    pub(crate) fn path(&self, written: &str) -> PathBuf {
        self.file.parent().unwrap_or_else(|| Path::new("")).join(written)
    }

    /// Whether a file that the page names is there.
    pub(crate) fn has_file(&self, path: &Path) -> bool {
        (self.is_file)(path)
    }

    /// All mistakes, if there are any.
    pub(crate) fn mistakes(&self) -> Option<Mistakes> {
        Mistakes::of(self.found.take())
    }
}
