//! Which parameters did the client send? Plain names, each once, in the order sent.

use crate::misread::Unclear;
use crate::multipart::FilePart;
use crate::value::Value;

/// PHP drops what comes behind `max_input_vars`; we refuse long before (SECURITY: limits).
const MOST: usize = 200;
const LONGEST_NAME: usize = 64;
/// Room for a usual request's parameters, so that the list is made once.
const USUAL: usize = 12;

/// Where a parameter stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Query,
    Body,
}

/// One parameter.
#[derive(Clone, Debug)]
pub(crate) struct Param<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: Value<'a>,
    place: Place,
}

/// The parameters of one request.
#[derive(Debug, Default)]
pub(crate) struct Params<'a> {
    pub(crate) list: Vec<Param<'a>>,
    pub(crate) files: Vec<FilePart<'a>>,
    /// One bit for each length and last byte seen: most names need no comparison.
    seen: u64,
    count: usize,
}

impl<'a> Params<'a> {
    /// Adds a parameter. The same name twice is refused, but for the key in the query and in the body with one value.
    pub(crate) fn push(&mut self, name: &'a [u8], value: Value<'a>, place: Place) -> Result<(), Unclear> {
        let name = plain_name(name)?;
        self.count += 1;
        if self.count > MOST {
            return Err(Unclear::malformed("more than 200 parameters"));
        }
        if self.is_new(name) {
            if self.list.is_empty() {
                self.list.reserve(USUAL);
            }
            self.list.push(Param { name, value, place });
            return Ok(());
        }
        match self.list.iter().find(|param| param.name == name) {
            Some(earlier) if name == "key" && earlier.place != place && earlier.value == value => Ok(()),
            Some(_) if name == "key" => Err(Unclear::ambiguous("two credentials")),
            Some(_) | None => Err(Unclear::ambiguous("a parameter that stands twice")),
        }
    }

    /// Adds a file; it shares its name's uniqueness with the parameters.
    pub(crate) fn push_file(&mut self, file: FilePart<'a>) -> Result<(), Unclear> {
        self.count += 1;
        if self.count > MOST {
            return Err(Unclear::malformed("more than 200 parameters"));
        }
        if !self.is_new(file.name) {
            return Err(Unclear::ambiguous("a parameter that stands twice"));
        }
        self.files.push(file);
        Ok(())
    }

    /// The value of that name.
    pub(crate) fn find(&self, name: &str) -> Option<&Value<'a>> {
        self.list.iter().find(|param| param.name == name).map(|param| &param.value)
    }

    fn is_new(&mut self, name: &str) -> bool {
        let bytes = name.as_bytes();
        let mark = bytes.len().wrapping_mul(7) ^ usize::from(bytes.last().copied().unwrap_or(0));
        let bit = 1_u64 << (mark & 63);
        let maybe = self.seen & bit != 0;
        self.seen |= bit;
        let named = |other: &str| other == name;
        !maybe || !(self.list.iter().any(|param| named(param.name)) || self.files.iter().any(|file| named(file.name)))
    }
}

/// The two documented parameters whose names are not plain: `data-s` of Google's own pages and `data[blob]` of FunCaptcha
/// (2captcha-python 2.1.2 sends both). PHP reads each in one way as long as no `data` stands beside the second.
const ODD_NAMES: [&str; 2] = ["data-s", BLOB];
pub(crate) const BLOB: &str = "data[blob]";

/// A name as it stands: `[A-Za-z0-9_]{1,64}`. PHP folds `key[]`, `+key`, `%6Bey`, `key%00x` and `api.key` into other
/// names, so a name that would have to be decoded or folded is refused.
pub(crate) fn plain_name(name: &[u8]) -> Result<&str, Unclear> {
    let bad = Unclear::ambiguous("a parameter's name that is not plain");
    let text = std::str::from_utf8(name).map_err(|_| bad)?;
    let plain = name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    if plain && (1..=LONGEST_NAME).contains(&name.len()) || ODD_NAMES.contains(&text) { Ok(text) } else { Err(bad) }
}
