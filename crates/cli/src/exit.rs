//! How does the command end? 0 done, 1 refused or failed, 2 usage, 3 not reachable, 4 not as it should be (`apply --dry-run`); one sentence and a hint on stderr.

use std::fmt;
use std::process::ExitCode;

/// What a command comes to.
pub(crate) type Outcome = Result<(), Failed>;

/// Why it did not end well.
#[derive(Debug)]
pub(crate) struct Failed {
    code: u8,
    what: String,
    hint: Option<String>,
}

impl Failed {
    /// Refused or failed.
    pub(crate) fn new(what: impl fmt::Display) -> Self {
        Self { code: 1, what: what.to_string(), hint: None }
    }

    /// Asked for in a way that cannot be meant.
    pub(crate) fn usage(what: impl fmt::Display) -> Self {
        Self { code: 2, ..Self::new(what) }
    }

    /// Nobody there to ask.
    pub(crate) fn unreachable(what: impl fmt::Display) -> Self {
        Self { code: 3, ..Self::new(what) }
    }

    /// Looked at only, and it is not as it should be.
    pub(crate) fn differs(what: impl fmt::Display) -> Self {
        Self { code: 4, ..Self::new(what) }
    }

    /// The same, with what to do next.
    pub(crate) fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// The same of one step among several: what it was about, and what to do besides.
    pub(crate) fn during(mut self, step: impl fmt::Display, next: impl fmt::Display) -> Self {
        self.what = format!("{step}: {}", self.what);
        self.hint = Some(self.hint.map_or_else(|| next.to_string(), |hint| format!("{hint}; {next}")));
        self
    }

    /// Prints it and turns it into the exit code.
    pub(crate) fn report(self) -> ExitCode {
        eprintln!("{}", self.what);
        if let Some(hint) = self.hint {
            eprintln!("  hint: {hint}");
        }
        ExitCode::from(self.code)
    }
}

impl From<anyhow::Error> for Failed {
    fn from(error: anyhow::Error) -> Self {
        Self::new(format!("{error:#}"))
    }
}
