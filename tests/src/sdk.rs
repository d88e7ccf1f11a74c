//! The official SDKs, unmodified: each driven over stdin by its small driver (tests/sdk).

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Which SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sdk {
    /// PyPI `captchaai`.
    CaptchaAi,
    /// PyPI `2captcha-python`; speaks https only.
    TwoCaptchaPython,
    /// npm `@2captcha/captcha-solver`.
    CaptchaSolver,
    /// PyPI `python-anticaptcha`; speaks v2.
    PythonAnticaptcha,
    /// PyPI `anticaptchaofficial`; speaks v2.
    AnticaptchaOfficial,
    /// PyPI `capsolver`; speaks v2.
    Capsolver,
}

impl Sdk {
    /// The profile whose dialect it speaks.
    pub const fn profile(self) -> &'static str {
        match self {
            Self::CaptchaAi => "captchaai",
            Self::TwoCaptchaPython | Self::CaptchaSolver => "twocaptcha",
            Self::PythonAnticaptcha | Self::AnticaptchaOfficial => "anticaptcha",
            Self::Capsolver => "capsolver",
        }
    }

    /// Whether it speaks JSON `createTask`.
    pub const fn speaks_v2(self) -> bool {
        matches!(self, Self::PythonAnticaptcha | Self::AnticaptchaOfficial | Self::Capsolver)
    }
}

/// A running driver.
pub struct Driver {
    child: Child,
    into: ChildStdin,
    out: BufReader<ChildStdout>,
}

impl Driver {
    /// Starts the driver; nothing if the SDK is not installed and nobody said that it must be (`TOLLGATE_NEED_SDKS`).
    pub fn start(sdk: Sdk, ca: &Path) -> Result<Option<Self>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk");
        let Some(mut command) = command(sdk, &folder)? else { return Ok(None) };
        command.env("REQUESTS_CA_BUNDLE", ca).env("NODE_EXTRA_CA_CERTS", ca);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {sdk:?}"))?;
        let into = child.stdin.take().context("no stdin")?;
        let out = BufReader::new(child.stdout.take().context("no stdout")?);
        Ok(Some(Self { child, into, out }))
    }

    /// Plays one scenario; gives the driver's answer.
    pub fn play(&mut self, request: &Value) -> Result<Value> {
        writeln!(self.into, "{request}")?;
        self.into.flush()?;
        let mut line = String::new();
        self.out.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| format!("the driver said {line:?} to {request}"))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(sdk: Sdk, folder: &Path) -> Result<Option<Command>> {
    let (variable, driver) = match sdk {
        Sdk::CaptchaAi => ("TOLLGATE_SDK_PYTHON", "captchaai_driver.py"),
        Sdk::TwoCaptchaPython => ("TOLLGATE_SDK_PYTHON", "twocaptcha_driver.py"),
        Sdk::PythonAnticaptcha => ("TOLLGATE_SDK_PYTHON", "python_anticaptcha_driver.py"),
        Sdk::AnticaptchaOfficial => ("TOLLGATE_SDK_PYTHON", "anticaptchaofficial_driver.py"),
        Sdk::Capsolver => ("TOLLGATE_SDK_PYTHON", "capsolver_driver.py"),
        Sdk::CaptchaSolver => ("TOLLGATE_SDK_NODE_MODULES", "captcha_solver_driver.js"),
    };
    let Some(given) = variable_of(variable) else {
        if variable_of("TOLLGATE_NEED_SDKS").is_some() {
            bail!("{variable} is not set: `./scripts/test.sh` installs the SDKs and sets it");
        }
        return Ok(None);
    };
    let mut command = match sdk {
        Sdk::CaptchaSolver => {
            let mut command = Command::new("node");
            command.env("NODE_PATH", given);
            command
        }
        Sdk::CaptchaAi | Sdk::TwoCaptchaPython | Sdk::PythonAnticaptcha | Sdk::AnticaptchaOfficial | Sdk::Capsolver => Command::new(given),
    };
    command.arg(folder.join(driver));
    Ok(Some(command))
}

#[expect(clippy::disallowed_methods, reason = "a test is told by its environment where the SDKs are")]
fn variable_of(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}
