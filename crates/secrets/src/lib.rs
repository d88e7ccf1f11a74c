//! Real keys: sources, cache, versions, and the needles by which a leak is recognised.

pub mod keyring;
pub mod needles;
pub mod source;
pub mod value;
pub mod watch;

pub use keyring::{Entry, Keyring, Recognised};
pub use needles::{Form, Tripwire};
pub use source::{EnvSource, FileSource, Source, SourceError, Version, VersionId};
pub use value::{Rules, ValueError};
pub use watch::{Polled, Watch};
