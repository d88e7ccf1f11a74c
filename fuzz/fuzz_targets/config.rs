//! Is a configuration refused with a place for each mistake, and otherwise written out to a file that says the same?
#![no_main]

use std::ffi::OsString;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use tollgate_config::{Config, Environment};

/// An environment in which nothing is set.
struct Nothing;

impl Environment for Nothing {
    fn look_up(&self, _: &str) -> Option<OsString> {
        None
    }
}

fuzz_target!(|text: &str| {
    match Config::parse(text, Path::new("/etc/tollgate/tollgate.toml")) {
        Ok(config) => {
            let said = config.in_force();
            let again =
                Config::parse(&said, Path::new("/elsewhere/tollgate.toml")).unwrap_or_else(|mistakes| panic!("{mistakes}\nin\n{said}"));
            assert_eq!(config, again, "{said}");
            assert_eq!(again.in_force(), said);
            assert!(!config.listeners.is_empty() && !config.upstreams.is_empty());
            config.notices(&Nothing);
        }
        Err(mistakes) => {
            let lines = text.split('\n').count();
            assert!(!mistakes.list().is_empty());
            for mistake in mistakes.list() {
                assert!((1..=lines).contains(&mistake.line) && mistake.column > 0, "{mistake} of {lines} lines");
                assert!(!mistake.what.is_empty() && mistake.hint.as_ref().is_none_or(|hint| !hint.is_empty()), "{mistake}");
            }
        }
    }
});
