//! What is said when requests are taken? One line of JSON that other programs wait for, or a few lines for people.

use std::io::{self, Write};

use serde::Serialize;

/// The ready line; a member that does not apply is absent.
#[derive(Default, Serialize)]
#[expect(clippy::struct_field_names, reason = "the member's name is a contract")]
pub(crate) struct Ready {
    pub(crate) ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) gate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) gate_tls: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ca: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) admin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) socket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sandbox: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) upstream: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) real_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
}

impl Ready {
    /// Prints it: JSON on stdout in one line, or the given lines for people.
    pub(crate) fn say(mut self, json: bool, people: &str) -> io::Result<()> {
        self.ready = true;
        let mut out = io::stdout().lock();
        if json {
            serde_json::to_writer(&mut out, &self)?;
            writeln!(out)?;
        } else {
            write!(out, "{people}")?;
        }
        out.flush()
    }
}
