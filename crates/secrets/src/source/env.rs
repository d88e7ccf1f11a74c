//! A key from the environment: looked up once at start by whoever may read the environment, and handed in.

use tollgate_model::Secret;

use super::{Source, SourceError, Version, VersionId};
use crate::value::Rules;

/// A key that an environment variable held at start; it cannot change while the process runs.
///
/// The variable itself stays in `/proc/self/environ`, which only root can read once core dumps are forbidden.
pub struct EnvSource {
    name: String,
    value: Option<Secret>,
    rules: Rules,
    given: bool,
}

impl EnvSource {
    /// The variable's name and what the look-up gave.
    pub fn new(variable: &str, value: Option<Secret>, rules: Rules) -> Self {
        Self { name: format!("env {variable}"), value, rules, given: false }
    }
}

impl Source for EnvSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&mut self) -> Result<Option<Version>, SourceError> {
        if self.given {
            return Ok(None);
        }
        let value = self.value.as_ref().ok_or(SourceError::Unset)?;
        let secret = self.rules.admit(value.expose()).map_err(SourceError::Value)?;
        self.given = true;
        // the copy in the cache is the one that is locked and wiped on a change
        self.value = None;
        Ok(Some(Version { id: VersionId::new("env:1"), secret }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::ValueError;

    const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn source(value: Option<&[u8]>) -> EnvSource {
        EnvSource::new("CAPTCHAAI_KEY", value.map(Secret::new), Rules { tripwire: true })
    }

    #[test]
    fn a_variable_gives_one_version() {
        let mut source = source(Some(KEY));
        assert_eq!(source.name(), "env CAPTCHAAI_KEY");
        let version = source.read().unwrap().unwrap();
        assert_eq!((version.id.as_str(), version.secret.expose()), ("env:1", KEY));
        assert!(source.read().unwrap().is_none());
    }

    #[test]
    fn a_variable_that_is_unset_or_bad_is_an_error_each_time() {
        for _ in 0..2 {
            assert!(matches!(source(None).read(), Err(SourceError::Unset)));
        }
        let mut bad = source(Some(b"short"));
        for _ in 0..2 {
            assert!(matches!(bad.read(), Err(SourceError::Value(ValueError::Short))));
        }
    }
}
