//! With which certificate does a listener speak TLS?

use std::path::PathBuf;

use crate::field::TLS;
use crate::section::Section;

/// A listener's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// One of the gate's own CA, made in the state folder.
    Own,
    /// One of the operator's.
    Files {
        /// The chain in PEM.
        cert: PathBuf,
        /// The private key in PEM.
        key: PathBuf,
    },
}

impl Tls {
    /// Reads `tls` of a section: `"self"`, or a table of two files.
    pub(crate) fn read(section: &Section<'_>) -> Option<Self> {
        if let Some(word) = section.word("tls") {
            if word.value == "self" {
                return Some(Self::Own);
            }
            section.wrong_form("tls", &word.at);
            return None;
        }
        let files = section.section("tls", &TLS)?;
        files.require(["cert", "key"]);
        let (cert, key) = (files.file("cert"), files.file("key"));
        Some(Self::Files { cert: cert?, key: key? })
    }
}
