//! Which teams and keys does a file declare? The words that were written, each with its place; what they mean is the gate's to say.

use std::ops::Range;
use std::path::{Path, PathBuf};

use tollgate_model::{Name, Timestamp};

use crate::field::{KEY, MANIFEST_TOP, TEAM, Table};
use crate::mistake::{Mistake, Mistakes};
use crate::page::{self, Page};
use crate::section::{At, Section, not_built};

/// A file that `tollgate apply` reads.
#[derive(Debug)]
pub struct Manifest {
    file: PathBuf,
    text: String,
    /// Where the secrets of new keys go.
    pub secrets: Option<PathBuf>,
    /// The teams, as they stand in the file; no two of one name.
    pub teams: Vec<Declared>,
    /// The keys, the same.
    pub keys: Vec<Declared>,
}

/// One team or key of the file.
#[derive(Debug)]
pub struct Declared {
    /// Its name.
    pub name: Name,
    /// Everything else that was said, in the file's order of fields.
    pub fields: Vec<Field>,
    at: Range<usize>,
    name_at: Range<usize>,
}

/// What was said in one field.
#[derive(Debug)]
pub struct Field {
    /// The field, as the admin API has it too.
    pub name: &'static str,
    /// What was said.
    pub said: Said,
    at: Range<usize>,
    words_at: Vec<Range<usize>>,
}

/// A value as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// One text.
    Text(String),
    /// A word or a list of them.
    Words(Vec<String>),
    /// A whole number.
    Count(u32),
}

/// How the fields are written that are not one text.
const WORDS: [&str; 7] = ["allow", "caps", "tasks", "hours", "methods", "callbacks", "observe"];
const COUNT: &str = "concurrency";

impl Manifest {
    /// Reads a file.
    pub fn load(file: &Path) -> Result<Self, Mistakes> {
        Self::parse(&page::text(file, "`tollgate apply FILE` takes a file that declares teams and keys")?, file)
    }

    /// Reads a text as the content of a file of that name.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Mistakes> {
        let page = Page::new(file, text, |_| true);
        let document = page.document(text)?;
        let top = Section::open(&page, &MANIFEST_TOP, document.get_ref(), 0..0);
        let manifest = Self {
            file: file.to_owned(),
            text: text.to_owned(),
            secrets: secrets(&top),
            teams: declared(&top, "team", &TEAM),
            keys: declared(&top, "key", &KEY),
        };
        page.mistakes().map_or(Ok(manifest), Err)
    }

    /// A mistake in a field of what was declared: at the word of it that is wrong, or the field, or the name, or where it begins.
    pub fn mistake(&self, of: &Declared, field: Option<&str>, word: Option<&str>, what: String, hint: Option<String>) -> Mistake {
        let (line, column) = page::place(&self.text, &of.place(field, word));
        Mistake { file: self.file.clone(), line, column, what, hint }
    }
}

impl Declared {
    /// What was said in a field.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    fn place(&self, field: Option<&str>, word: Option<&str>) -> Range<usize> {
        match field.map(|name| (name, self.field(name))) {
            Some((_, Some(field))) => {
                let Said::Words(words) = &field.said else { return field.at.clone() };
                let nth = words.iter().position(|one| Some(one.as_str()) == word);
                nth.and_then(|nth| field.words_at.get(nth)).unwrap_or(&field.at).clone()
            }
            Some(("name", None)) => self.name_at.clone(),
            _ => self.at.clone(),
        }
    }
}

/// Where new secrets go: a folder, and nothing else yet.
fn secrets(top: &Section<'_>) -> Option<PathBuf> {
    if top.value("secrets").is_some_and(|value| value.get_ref().as_table().is_some()) {
        not_built(top.page, &top.at("secrets"), "a Vault path for new secrets");
        return None;
    }
    top.path("secrets")
}

fn declared(top: &Section<'_>, list: &str, table: &'static Table) -> Vec<Declared> {
    let mut all: Vec<Declared> = Vec::new();
    for section in top.sections(list, table) {
        section.require(["name"]);
        check_end(&section);
        let fields = table.fields.iter().filter(|field| field.name != "name").filter_map(|field| read(&section, field.name)).collect();
        let Some(name) = section.parsed("name", Name::parse) else { continue };
        if all.iter().any(|other| other.name == name) {
            section.mistake("name", format!("a second {list} `{name}`"), "a name stands once: leave one of them out".to_owned());
        }
        all.push(Declared { name, fields, at: section.own_place(), name_at: section.at("name") });
    }
    all
}

/// An end that counts from whenever the file is applied would be another one at each run.
fn check_end(section: &Section<'_>) {
    if section.table().field("until").is_none() {
        return;
    }
    let instant = |text: &str| Timestamp::parse_rfc3339(text).ok_or("expected an instant such as `2026-12-31T18:00:00Z`");
    section.parsed("until", instant);
}

fn read(section: &Section<'_>, name: &'static str) -> Option<Field> {
    let at = section.at(name);
    let field = |said, words_at| Field { name, said, at: at.clone(), words_at };
    if WORDS.contains(&name) {
        let words: Vec<At<String>> = match section.word(name) {
            Some(word) => vec![At { value: word.value.to_owned(), at: word.at }],
            None if section.says(name) => section.list(name, |word| Ok::<_, &str>(word.to_owned())),
            None => return None,
        };
        let (words, places) = words.into_iter().map(|word| (word.value, word.at)).unzip();
        return Some(field(Said::Words(words), places));
    }
    if name == COUNT && section.word(name).is_none_or(|word| word.value != "none") {
        let count = section.count(name, 1..=u64::from(u32::MAX))?;
        return Some(field(Said::Count(u32::try_from(count).ok()?), Vec::new()));
    }
    section.text(name).map(|text| field(Said::Text(text.value.to_owned()), Vec::new()))
}

#[cfg(test)]
mod tests;
