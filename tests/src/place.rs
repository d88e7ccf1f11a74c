//! A folder with a configuration of one's own, for a gate that is no usual stand, or for one that must not start.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::process::{Process, run};

/// The provider's key that lies in it.
pub const REAL_KEY: &str = "0123456789abcdef0123456789abcdef";

/// A file that would serve, on free ports.
const USUAL: &str = r#"state = "state"
[[listener]]
address = "127.0.0.1:0"
upstream = "p"
[admin]
address = "127.0.0.1:0"
[[upstream]]
name = "p"
profile = "twocaptcha"
origin = "http://127.0.0.1:19009"
secret = { file = "real.key" }
"#;

/// The folder.
pub struct Place {
    folder: TempDir,
    file: String,
}

impl Place {
    /// One whose configuration would serve.
    pub fn new() -> Result<Self> {
        Self::with(USUAL)
    }

    /// One with this configuration.
    pub fn with(configuration: &str) -> Result<Self> {
        let folder = TempDir::new()?;
        let file = folder.path().join("tollgate.toml").display().to_string();
        let place = Self { folder, file };
        place.private("real.key", REAL_KEY.as_bytes())?;
        fs::write(&place.file, configuration)?;
        Ok(place)
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Its `tollgate.toml`.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Writes a file that only its owner may read.
    pub fn private(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path().join(name);
        fs::write(&path, bytes)?;
        Ok(fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?)
    }

    /// Starts its gate.
    pub fn serve(&self) -> Result<Process> {
        self.serve_with(&[])
    }

    /// The same with further arguments.
    pub fn serve_with(&self, arguments: &[&str]) -> Result<Process> {
        Process::start(&[&["serve", "-c", &self.file], arguments].concat(), &[])
    }

    /// What a verb that takes the configuration says when it refuses: exit code and stderr.
    pub fn refusal(&self, verb: &[&str]) -> Result<(i32, String)> {
        let output = run(&[verb, &["-c", &self.file]].concat(), "")?;
        let code = output.status.code().context("it was ended by a signal")?;
        Ok((code, String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}
