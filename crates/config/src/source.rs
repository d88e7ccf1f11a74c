//! Where is a secret? Never the secret itself, and never in a message.

use std::path::PathBuf;

use crate::field::SECRET;
use crate::section::Section;

/// The source of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// An environment variable.
    Env {
        /// Its name.
        name: String,
    },
    /// A file.
    File {
        /// Its path.
        path: PathBuf,
    },
}

impl SecretSource {
    /// Reads a source: a table with exactly one of its keys. A text in its place may be the key itself and is not shown.
    pub(crate) fn read(section: &Section<'_>, name: &str) -> Option<Self> {
        if section.word(name).is_some() {
            let hint = "a secret never stands in this file: name its source, such as `{ env = \"NAME\" }`".to_owned();
            section.mistake(name, format!("`{name}` is a text, not a source"), hint);
            return None;
        }
        let source = section.section(name, &SECRET)?;
        match (source.says("env"), source.says("file")) {
            (true, true) => {
                section.mistake(name, format!("`{name}` names two sources"), "exactly one of `env` and `file`".to_owned());
                None
            }
            (true, false) => source.text("env").and_then(|variable| {
                if is_variable(variable.value) {
                    return Some(Self::Env { name: variable.value.to_owned() });
                }
                let hint = "letters, digits and `_`, such as `CAPTCHAAI_KEY`; the secret itself does not belong here".to_owned();
                source.mistake("env", "`env` is not the name of an environment variable", hint);
                None
            }),
            (false, true) => source.path("file").map(|path| Self::File { path }),
            (false, false) if source.is_empty() => {
                section.mistake(
                    name,
                    format!("`{name}` names no source"),
                    "expected `{ env = \"NAME\" }` or `{ file = \"…\" }`".to_owned(),
                );
                None
            }
            // an unknown or unbuilt kind, noted when the table was opened
            (false, false) => None,
        }
    }
}

/// POSIX names in upper case (XBD 8.1): a key written here by mistake is seldom one.
fn is_variable(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    plain && !name.is_empty() && !name.starts_with(|first: char| first.is_ascii_digit())
}
