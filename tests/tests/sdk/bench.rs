//! An SDK with a gate and a sandbox behind it.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tollgate_tests::task::Caller;
use tollgate_tests::{Driver, Sdk, Setup, Stand, call, submission};

/// The three of them.
pub(crate) struct Bench {
    pub(crate) stand: Stand,
    pub(crate) sdk: Sdk,
    driver: Driver,
    url: String,
}

impl Bench {
    /// Nothing if the SDK is not installed here.
    pub(crate) fn new(sdk: Sdk) -> Result<Option<Self>> {
        let stand = Stand::with(Setup { profile: sdk.profile(), more: "[limits]\ncalls_per_key = 1\n", ..Setup::default() })?;
        let ca = stand.gate.ready.get("ca").and_then(Value::as_str).context("no CA")?.to_owned();
        let Some(driver) = Driver::start(sdk, Path::new(&ca))? else {
            eprintln!("skipped: the SDK is not installed; `./scripts/test.sh` installs it");
            return Ok(None);
        };
        let url = match sdk {
            Sdk::TwoCaptchaPython => format!("https://localhost:{}", stand.tls.port()),
            Sdk::CaptchaAi | Sdk::CaptchaSolver | Sdk::PythonAnticaptcha | Sdk::AnticaptchaOfficial | Sdk::Capsolver => {
                format!("http://{}", stand.at)
            }
        };
        Ok(Some(Self { stand, sdk, driver, url }))
    }

    /// Buys a task by hand, in the SDK's dialect; gives its id.
    pub(crate) fn buy(&self, key: &str) -> Result<Value> {
        buy(self.sdk, self.stand.at, key)
    }

    /// Hours that are over, in every zone: one minute of the weekday before yesterday.
    pub(crate) fn closed(&self) -> Result<Value> {
        Ok(json!([tollgate_tests::closed_hours(&call(self.stand.at, "/healthz")?)?]))
    }

    /// Plays a scenario with a key.
    pub(crate) fn play(&mut self, scenario: &str, key: &str, more: Value) -> Result<Value> {
        let mut request = json!({ "scenario": scenario, "base_url": self.url, "key": key });
        if let (Some(all), Value::Object(more)) = (request.as_object_mut(), more) {
            all.extend(more);
        }
        self.driver.play(&request)
    }

    /// Submits a task as this SDK does; what of its exception a person reads.
    pub(crate) fn refused(&mut self, key: &str, params: &Value) -> Result<String> {
        let scenario = if self.sdk == Sdk::CaptchaSolver { "token" } else { "submit" };
        Ok(words(&self.play(scenario, key, json!({ "params": params }))?))
    }
}

/// The same, for a caller on another thread.
pub(crate) fn buy(sdk: Sdk, at: SocketAddr, key: &str) -> Result<Value> {
    if sdk.speaks_v2() {
        let kind = if sdk == Sdk::Capsolver { "ReCaptchaV2TaskProxyLess" } else { "RecaptchaV2TaskProxyless" };
        return Caller::new(at, key).buy(kind);
    }
    Ok(call(at, &submission(key))?.task().map_or(Value::Null, Value::from))
}

/// What the SDK gave.
pub(crate) fn ok(answer: &Value) -> &Value {
    assert_eq!(answer.get("ok"), Some(&json!(true)), "{answer}");
    answer.get("value").unwrap_or(&Value::Null)
}

/// What of an exception a person reads.
pub(crate) fn words(answer: &Value) -> String {
    assert_eq!(answer.get("ok"), Some(&json!(false)), "{answer}");
    ["exception", "message", "code"].iter().filter_map(|name| answer.get(*name)?.as_str()).collect::<Vec<_>>().join(": ")
}
