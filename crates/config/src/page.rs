//! The file being read, and the mistakes found in it so far.

use std::cell::RefCell;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::DeTable;

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
        let (line, column) = place(self.text, at);
        self.found.borrow_mut().push(Mistake { file: self.file.to_owned(), line, column, what: what.into(), hint: hint.into() });
    }

    /// A path of the file: relative ones stand beside the file itself.
    pub(crate) fn path(&self, written: &str) -> PathBuf {
        self.file.parent().unwrap_or_else(|| Path::new("")).join(written)
    }

    /// Whether a file that the page names is there.
    pub(crate) fn has_file(&self, path: &Path) -> bool {
        (self.is_file)(path)
    }

    /// The document that the text is, or why it is none.
    pub(crate) fn document(&self, text: &'t str) -> Result<Spanned<DeTable<'t>>, Mistakes> {
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            self.mistake(&error.span().unwrap_or(0..0), format!("not TOML: {}", error.message().trim_end()), None);
        }
        // what was read of a broken file would only make mistakes of its own
        self.mistakes().map_or(Ok(document), Err)
    }

    /// All mistakes, if there are any.
    pub(crate) fn mistakes(&self) -> Option<Mistakes> {
        Mistakes::of(self.found.take())
    }
}

/// A file's text; the hint says where a file would come from.
pub(crate) fn text(file: &Path, hint: &str) -> Result<String, Mistakes> {
    let bytes = std::fs::read(file).map_err(|error| Mistakes::unreadable(file, format!("the file cannot be read: {error}"), hint))?;
    String::from_utf8(bytes).map_err(|_| Mistakes::unreadable(file, "the file is not UTF-8 text".to_owned(), "save it as UTF-8"))
}

/// Line and character of a place in a text, both from 1.
pub(crate) fn place(text: &str, at: &Range<usize>) -> (usize, usize) {
    let before = text.get(..at.start).unwrap_or(text);
    let line_begins = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.bytes().filter(|byte| *byte == b'\n').count() + 1, before.get(line_begins..).unwrap_or_default().chars().count() + 1)
}
