//! Has the source a new version? Asked every second by whoever owns the watch; a bad answer leaves the old key in force.

use std::sync::Arc;

use crate::keyring::Keyring;
use crate::source::{Source, SourceError, VersionId};

/// A source and the keyring that it fills.
pub struct Watch {
    source: Box<dyn Source>,
    keyring: Arc<Keyring>,
    trouble: Option<String>,
}

/// What a look at the source showed.
#[derive(Debug)]
pub enum Polled {
    /// Nothing new; also the same trouble as at the look before.
    Unchanged,
    /// A new version is in force.
    Installed(VersionId),
    /// A new trouble; what was in force stays.
    Refused(SourceError),
    /// The trouble is over, and the version in force is the old one.
    Recovered,
}

impl Watch {
    /// The period of looks, in milliseconds.
    pub const PERIOD_MS: u64 = 1000;

    /// A watch over this source for this keyring.
    pub fn new(source: Box<dyn Source>, keyring: Arc<Keyring>) -> Self {
        Self { source, keyring, trouble: None }
    }

    /// What is watched, for messages.
    pub fn name(&self) -> &str {
        self.source.name()
    }

    /// The keyring that is filled.
    pub const fn keyring(&self) -> &Arc<Keyring> {
        &self.keyring
    }

    /// The trouble that keeps the source from being read now, in words.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Looks once; blocks for as long as the source does.
    pub fn poll(&mut self) -> Polled {
        match self.source.read() {
            Ok(Some(version)) => {
                let id = version.id.clone();
                self.keyring.install(version);
                self.trouble = None;
                Polled::Installed(id)
            }
            Ok(None) if self.trouble.take().is_some() => Polled::Recovered,
            Ok(None) => Polled::Unchanged,
            Err(error) => {
                let words = in_words(&error);
                if self.trouble.as_ref() == Some(&words) {
                    return Polled::Unchanged;
                }
                self.trouble = Some(words);
                Polled::Refused(error)
            }
        }
    }
}

/// The error and its causes in one line.
pub fn in_words(error: &SourceError) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use tollgate_model::Secret;

    use super::*;
    use crate::source::Version;
    use crate::value::ValueError;

    const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

    struct Scripted(VecDeque<Result<Option<Version>, SourceError>>);

    impl Source for Scripted {
        fn name(&self) -> &'static str {
            "scripted"
        }

        fn read(&mut self) -> Result<Option<Version>, SourceError> {
            self.0.pop_front().unwrap_or(Ok(None))
        }
    }

    #[test]
    fn se_11_a_bad_version_is_told_once_and_the_old_one_stays() {
        let version = Version { id: VersionId::new("v1"), secret: Secret::new(KEY) };
        let empty = || Err(SourceError::Value(ValueError::Empty));
        let script = [Ok(Some(version)), empty(), empty(), Err(SourceError::Changing), Ok(None), Ok(None)];
        let mut watch = Watch::new(Box::new(Scripted(script.into())), Arc::new(Keyring::new([1; 32], true)));

        assert!(matches!(watch.poll(), Polled::Installed(id) if id.as_str() == "v1"));
        assert!(matches!(watch.poll(), Polled::Refused(SourceError::Value(ValueError::Empty))));
        assert_eq!(watch.trouble(), Some("no key was found in it: the value is empty"));
        assert!(matches!(watch.poll(), Polled::Unchanged));
        assert!(matches!(watch.poll(), Polled::Refused(SourceError::Changing)));
        assert!(matches!(watch.poll(), Polled::Recovered));
        assert!(matches!(watch.poll(), Polled::Unchanged));
        assert_eq!(watch.trouble(), None);
        assert_eq!(watch.keyring().current().unwrap().expose(), KEY);
    }
}
