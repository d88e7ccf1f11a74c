//! Which keys are there? The one table that the reader, the messages and the reference are made of.

mod manifest;
mod tables;

pub(crate) use manifest::{KEY, MANIFEST, MANIFEST_TOP, TEAM};
pub(crate) use tables::{ADMIN, ALL, AUDIT, LIMITS, LISTENER, NETWORK, PLAN, SECRET, TLS, TOP, UPSTREAM};

/// One key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it takes, behind "expected".
    pub(crate) form: &'static str,
    /// What holds without it, as it would be written; empty where nothing does.
    pub(crate) default: &'static str,
    /// What it does, in one sentence.
    pub(crate) says: &'static str,
    /// Whether something acts on it. One that is not built is refused, never ignored.
    pub(crate) built: bool,
}

/// Keys that stand together.
#[derive(Debug)]
pub(crate) struct Table {
    /// How it begins in the file: `[[upstream]]`; empty at the top.
    pub(crate) header: &'static str,
    /// The key under the header, if the table is a value there.
    pub(crate) inline: Option<&'static str>,
    /// What it is about, in one sentence.
    pub(crate) says: &'static str,
    /// Its keys.
    pub(crate) fields: &'static [Field],
}

impl Table {
    /// The key of that name.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Where it is, for messages: `the top level`, `[[upstream]]`, `plan of [[upstream]]`.
    pub(crate) fn place(&self) -> String {
        match (self.header, self.inline) {
            ("", None) => "the top level".to_owned(),
            (header, None) => format!("`{header}`"),
            ("", Some(key)) => format!("`{key}`"),
            (header, Some(key)) => format!("`{key}` of `{header}`"),
        }
    }
}

/// The tables of the same file as this one.
pub(crate) fn beside(table: &Table) -> &'static [&'static Table] {
    // no two tables say the same
    if MANIFEST.iter().any(|one| one.says == table.says) { &MANIFEST } else { &ALL }
}
