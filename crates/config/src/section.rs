//! Reading one table by its fields: what is there, in the right form, or a mistake.

use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::field::{self, Table};
use crate::nearest::nearest;
use crate::page::Page;
use crate::size;

type Value<'p> = Spanned<DeValue<'p>>;

/// One table of the page.
pub(crate) struct Section<'p> {
    pub(crate) page: &'p Page<'p>,
    table: &'static Table,
    entries: &'p DeTable<'p>,
    at: Range<usize>,
}

/// A value and its place.
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) at: Range<usize>,
}

impl<'p> Section<'p> {
    /// Opens a table: keys that are unknown, or known and not built, are mistakes.
    pub(crate) fn open(page: &'p Page<'p>, table: &'static Table, entries: &'p DeTable<'p>, at: Range<usize>) -> Self {
        for key in entries.keys() {
            let name: &str = key.get_ref();
            match table.field(name) {
                Some(field) if field.built => {}
                Some(_) => not_built(page, &key.span(), &format!("`{name}`")),
                None => page.mistake(&key.span(), format!("unknown key `{name}` in {}", table.place()), meant(table, name)),
            }
        }
        Self { page, table, entries, at }
    }

    /// The place of a key's value, or of the table where the key is absent.
    pub(crate) fn at(&self, name: &str) -> Range<usize> {
        self.value(name).map_or_else(|| self.at.clone(), Spanned::span)
    }

    /// The keys that it may have.
    pub(crate) const fn table(&self) -> &'static Table {
        self.table
    }

    /// Where it stands itself.
    pub(crate) fn own_place(&self) -> Range<usize> {
        self.at.clone()
    }

    /// Whether the key is there, in whatever form.
    pub(crate) fn says(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Whether the table has no key at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Notes a mistake at a key's value.
    pub(crate) fn mistake(&self, name: &str, what: impl Into<String>, hint: impl Into<Option<String>>) {
        self.page.mistake(&self.at(name), what, hint);
    }

    /// Notes that keys are absent that must be there.
    pub(crate) fn require<const N: usize>(&self, names: [&str; N]) {
        for name in names.into_iter().filter(|name| !self.says(name)) {
            let hint = self.table.field(name).map(|field| format!("expected {}", field.form));
            self.page.mistake(&self.at, format!("{} has no `{name}`", self.table.place()), hint);
        }
    }

    /// Whatever the key holds.
    pub(crate) fn value(&self, name: &str) -> Option<&'p Value<'p>> {
        debug_assert!(self.table.field(name).is_some_and(|field| field.built), "{name} is not a key of {}", self.table.place());
        self.entries.get(name)
    }

    /// Notes that a value has not the form of its key.
    pub(crate) fn wrong_form(&self, name: &str, at: &Range<usize>) {
        let form = self.table.field(name).map_or("another value", |field| field.form);
        self.page.mistake(at, format!("`{name}` is not {form}"), None);
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Option<At<&'p str>> {
        self.text_in(name, self.value(name)?)
    }

    fn text_in(&self, name: &str, value: &'p Value<'p>) -> Option<At<&'p str>> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong_form(name, &value.span());
        }
        text.map(|text| At { value: text, at: value.span() })
    }

    /// A text where the key may as well hold something else.
    pub(crate) fn word(&self, name: &str) -> Option<At<&'p str>> {
        let value = self.value(name)?;
        value.get_ref().as_str().map(|text| At { value: text, at: value.span() })
    }

    /// The texts of a list, whatever else is in it.
    pub(crate) fn words(&self, name: &str) -> Vec<At<&'p str>> {
        let items = self.value(name).and_then(|value| value.get_ref().as_array()).into_iter().flat_map(|items| items.iter());
        items.filter_map(|item| item.get_ref().as_str().map(|text| At { value: text, at: item.span() })).collect()
    }

    /// A text that has a form of its own.
    pub(crate) fn parsed<T, E: Display>(&self, name: &str, parse: impl Fn(&'p str) -> Result<T, E>) -> Option<T> {
        let text = self.text(name)?;
        self.parse_at(name, &text, parse)
    }

    fn parse_at<T, E: Display>(&self, name: &str, text: &At<&'p str>, parse: impl Fn(&'p str) -> Result<T, E>) -> Option<T> {
        let parsed = parse(text.value);
        parsed.map_err(|error| self.page.mistake(&text.at, format!("`{name}` is not valid: {error}"), None)).ok()
    }

    /// A list of texts that have a form of their own; empty if the key is absent.
    pub(crate) fn list<T, E: Display>(&self, name: &str, parse: impl Fn(&'p str) -> Result<T, E>) -> Vec<At<T>> {
        let Some(value) = self.value(name) else { return Vec::new() };
        self.list_of(name, value, parse)
    }

    fn list_of<T, E: Display>(&self, name: &str, value: &'p Value<'p>, parse: impl Fn(&'p str) -> Result<T, E>) -> Vec<At<T>> {
        let Some(items) = value.get_ref().as_array() else {
            self.wrong_form(name, &value.span());
            return Vec::new();
        };
        let read = items.iter().filter_map(|item| {
            let text = self.text_in(name, item)?;
            self.parse_at(name, &text, &parse).map(|value| At { value, at: text.at })
        });
        read.collect()
    }

    /// The entries of a table whose keys are free: their names, each with what `take` makes of its value.
    pub(crate) fn entries<T>(&self, name: &str, take: impl Fn(&At<&'p str>, &'p Value<'p>) -> Option<T>) -> Vec<T> {
        let Some(value) = self.value(name) else { return Vec::new() };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_form(name, &value.span());
            return Vec::new();
        };
        let read = table.iter().filter_map(|(key, value)| take(&At { value: key.get_ref(), at: key.span() }, value));
        read.collect()
    }

    /// The list in an entry of a free table.
    pub(crate) fn entry_list<T, E: Display>(&self, name: &str, value: &'p Value<'p>, parse: impl Fn(&'p str) -> Result<T, E>) -> Vec<T> {
        self.list_of(name, value, parse).into_iter().map(|item| item.value).collect()
    }

    /// The text in an entry of a free table.
    pub(crate) fn entry_text<T, E: Display>(&self, name: &str, value: &'p Value<'p>, parse: impl Fn(&'p str) -> Result<T, E>) -> Option<T> {
        let text = self.text_in(name, value)?;
        self.parse_at(name, &text, parse)
    }

    /// Yes or no.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        let value = self.value(name)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_form(name, &value.span());
        }
        flag
    }

    /// A whole number in a range.
    pub(crate) fn count(&self, name: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.value(name)?;
        let Some(integer) = value.get_ref().as_integer() else {
            self.wrong_form(name, &value.span());
            return None;
        };
        let count = u64::from_str_radix(integer.as_str(), integer.radix()).ok();
        self.within(name, count, range, |count| count.to_string())
    }

    /// A size in a range of bytes.
    pub(crate) fn size(&self, name: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let text = self.text(name)?;
        match size::parse(text.value) {
            None => {
                self.wrong_form(name, &text.at);
                None
            }
            bytes => self.within(name, bytes, range, size::format),
        }
    }

    /// A duration in a range of milliseconds.
    pub(crate) fn duration(&self, name: &str, range: RangeInclusive<u64>) -> Option<Duration> {
        let duration = self.parsed(name, tollgate_policy::duration::parse)?;
        let shown = |millis| tollgate_policy::duration::format(Duration::from_millis(millis));
        self.within(name, u64::try_from(duration.as_millis()).ok(), range, shown).map(Duration::from_millis)
    }

    fn within(&self, name: &str, value: Option<u64>, range: RangeInclusive<u64>, shown: impl Fn(u64) -> String) -> Option<u64> {
        let inside = value.filter(|value| range.contains(value));
        if inside.is_none() {
            let (least, most) = (shown(*range.start()), shown(*range.end()));
            self.mistake(name, format!("`{name}` is out of range"), format!("between {least} and {most}"));
        }
        inside
    }

    /// A path, beside the file unless it is absolute.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        let text = self.text(name)?;
        if text.value.is_empty() || text.value.contains('\0') {
            self.wrong_form(name, &text.at);
            return None;
        }
        Some(self.page.path(text.value))
    }

    /// The path of a file that must be there.
    pub(crate) fn file(&self, name: &str) -> Option<PathBuf> {
        let path = self.path(name)?;
        if !self.page.has_file(&path) {
            self.mistake(name, format!("`{name}` is `{}`, and there is no such file", path.display()), None);
        }
        Some(path)
    }

    /// A table under this one.
    pub(crate) fn section(&self, name: &str, table: &'static Table) -> Option<Section<'p>> {
        let value = self.value(name)?;
        let entries = value.get_ref().as_table();
        if entries.is_none() {
            self.wrong_form(name, &value.span());
        }
        entries.map(|entries| Section::open(self.page, table, entries, value.span()))
    }

    /// The tables of a list under this one.
    pub(crate) fn sections(&self, name: &str, table: &'static Table) -> Vec<Section<'p>> {
        let Some(value) = self.value(name) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong_form(name, &value.span());
            return Vec::new();
        };
        let opened = items.iter().filter_map(|item| {
            let entries = item.get_ref().as_table();
            if entries.is_none() {
                self.wrong_form(name, &item.span());
            }
            entries.map(|entries| Section::open(self.page, table, entries, item.span()))
        });
        opened.collect()
    }
}

/// Notes something of the contract that nothing acts on yet.
pub(crate) fn not_built(page: &Page<'_>, at: &Range<usize>, what: &str) {
    page.mistake(at, format!("{what} is not built yet"), "take it out: nothing would act on it".to_owned());
}

/// The hint behind an unknown key: the table it belongs to, or the key that was meant.
fn meant(table: &Table, name: &str) -> Option<String> {
    let known = table.fields.iter().filter(|field| field.built).map(|field| field.name);
    if let Some(near) = nearest(name, known) {
        return Some(format!("did you mean `{near}`?"));
    }
    let elsewhere = field::beside(table).iter().find(|other| other.field(name).is_some_and(|field| field.built));
    elsewhere.map(|other| format!("`{name}` belongs to {}", other.place()))
}
