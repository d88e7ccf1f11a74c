//! A gate in front of a provider that must hear nothing, or exactly what it should.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::http::{Answer, exchange};
use crate::stand::{Setup, Stand};
use crate::stub::{Said, Stub};

/// A stand whose provider remembers every byte.
pub struct Witness {
    /// The gate.
    pub stand: Stand,
    /// The provider.
    pub stub: Stub,
    /// A key that may buy.
    pub key: String,
}

impl Witness {
    /// A gate with one key, whose provider takes every task.
    pub fn new() -> Result<Self> {
        let stub = Stub::start()?;
        let stand = Stand::with(Setup { origin: Some(stub.at), ..Setup::default() })?;
        let key = stand.key("witness", json!({ "caps": ["100/day"] }))?;
        Ok(Self { stand, stub, key })
    }

    /// One request as it is written, and its answer.
    pub fn send(&self, request: &str) -> Result<Answer> {
        Answer::parse(&exchange(self.stand.at, request.as_bytes())?)
    }

    /// The request must be refused with one of these codes, in the word that belongs to it, and not a byte may go up.
    pub fn refuses(&self, request: &str, codes: &[&str]) -> Result<()> {
        let heard = self.stub.heard().len();
        let answer = self.send(request)?;
        let denied = answer.denied().with_context(|| format!("let through: {request:.300}\n{}", answer.body))?;
        ensure!(codes.contains(&denied), "{denied} for {request:.300}");
        let word = match denied {
            "ambiguous_request" | "malformed" => "ERROR_BAD_PARAMETERS",
            "unauthenticated" => "ERROR_KEY_DOES_NOT_EXIST",
            "operation_denied" => "ERROR_TOLLGATE_OPERATION_DENIED",
            "callback_denied" => "ERROR_TOLLGATE_CALLBACK_DENIED",
            other => other,
        };
        ensure!(answer.status >= 400 || answer.body.contains(word), "{} for {request:.300}", answer.body);
        ensure!(self.stub.heard().len() == heard, "the provider heard of {request:.300}");
        Ok(())
    }

    /// The request must be let through, and the provider must hear one request with one key, the real one.
    pub fn passes(&self, request: &str) -> Result<String> {
        let heard = self.stub.heard().len();
        // an id that a provider gives twice is withheld
        self.stub.say(Said::body(format!("OK|{}", 70_000_001 + heard).as_bytes()));
        let answer = self.send(request)?;
        ensure!(answer.body.starts_with("OK|") || answer.body.starts_with(r#"{"status":1"#), "{answer:?} for {request:.300}");
        let all = self.stub.heard();
        ensure!(all.len() == heard + 1, "{} requests for {request:.300}", all.len() - heard);
        let said = all.last().map(|heard| heard.request.clone()).unwrap_or_default();
        ensure!(said.contains(&self.stand.real_key) && !said.contains(&self.key), "not the real key alone:\n{said}");
        Ok(said)
    }
}
