//! Where does a real key come from? The port of all sources, and its errors.

mod env;
mod file;

use std::fmt;
use std::io;
use std::sync::Arc;

use tollgate_model::Secret;

use crate::value::ValueError;

pub use env::EnvSource;
pub use file::FileSource;

/// A place that a real key is read from; reading blocks, and is done off the workers.
pub trait Source: Send {
    /// What it is, for messages: `env CAPTCHAAI_KEY`, `file /run/secrets/key`.
    fn name(&self) -> &str;

    /// Reads the key if it may have changed since the last good reading; nothing if it has not.
    ///
    /// A bad value is an error each time it is read, until it is changed back or into a good one.
    fn read(&mut self) -> Result<Option<Version>, SourceError>;
}

/// One version of a key as its source gave it.
pub struct Version {
    /// The source's own name for it.
    pub id: VersionId,
    /// The key.
    pub secret: Secret,
}

/// The source's own name of a version, `env:1` or `file:1764000000-2`; never made of the key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionId(Arc<str>);

/// Why no key was read; what is in force stays in force.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The variable is not set.
    #[error("the variable is not set: set it in the environment of `tollgate serve`")]
    Unset,
    /// No such file, or it cannot be opened.
    #[error("the file cannot be read")]
    Unreadable(#[source] io::Error),
    /// A folder, a pipe, a socket or a device.
    #[error("not a regular file: a key is read from a plain file alone")]
    NotRegular,
    /// Others than its owner may read or write it.
    #[error("others may read or write the file (mode {mode:04o}): `chmod 0400` it, or 0440 if root owns it")]
    Exposed {
        /// The file's permission bits.
        mode: u32,
    },
    /// A third user owns it, who could replace the key.
    #[error("user {uid} owns the file: it must be root's or this process's own")]
    Foreign {
        /// The owner.
        uid: u32,
    },
    /// It changed while it was read.
    #[error("the file was written to while it was read: replace a key by renaming a new file over it")]
    Changing,
    /// What is in it is no key.
    #[error("no key was found in it")]
    Value(#[source] ValueError),
}

impl VersionId {
    /// The version of this name.
    pub fn new(name: &str) -> Self {
        Self(Arc::from(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for VersionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Version({})", self.id)
    }
}
