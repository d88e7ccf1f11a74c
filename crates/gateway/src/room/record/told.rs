//! What have the rooms told of the request? Each says its own, as soon as it knows.

use std::borrow::Cow;
use std::sync::Arc;

use tollgate_dialect::Operation;
use tollgate_model::{CredentialHash, Denial, Failure, Money, TaskId};
use tollgate_policy::judge::Judged;
use tollgate_registry::Key;
use tollgate_secrets::VersionId;

use super::Line;
use super::method::MethodName;
use crate::gate::Bound;
use crate::repeats::Claim;

impl Line<'_> {
    pub(crate) fn understood(&mut self, operation: &Operation<'_>) {
        self.operation = Some(operation.name());
        self.method = operation.submit().map(|submit| MethodName::of(submit.method));
        self.task = operation.tasks().first().copied();
        self.free_read = operation.is_free_read();
    }

    pub(crate) fn credential(&mut self, hash: CredentialHash) {
        self.credential = Some(hash);
    }

    pub(crate) fn generation(&mut self, generation: u64) {
        self.generation = generation;
    }

    pub(crate) fn key(&mut self, key: &Arc<Key<Bound>>) {
        self.key = Some(key.clone());
    }

    pub(crate) fn held(&mut self, held: Money) {
        self.held = Some(held);
    }

    pub(crate) fn secret(&mut self, version: &VersionId) {
        self.secret = Some(version.clone());
    }

    pub(crate) fn alarm(&mut self, alarm: &'static str) {
        self.alarm = Some(alarm);
    }

    pub(crate) fn task(&mut self, task: TaskId) {
        self.task = Some(task);
    }

    /// Something worth telling, though nothing is wrong.
    pub(crate) fn note(&mut self, note: impl Into<Cow<'static, str>>) {
        self.note = Some(note.into());
    }

    /// It is the first of its name: its answer is kept, unless nothing was bought.
    pub(crate) fn claim(&mut self, claim: Claim) {
        self.claim = Some(claim);
    }

    /// The provider refuses this submission, and would refuse it again.
    pub(crate) const fn hopeless(&mut self) {
        self.hopeless = true;
    }

    pub(crate) fn upstream_took(&mut self, micros: u64) {
        self.upstream_us = Some(self.upstream_us.unwrap_or(0) + micros);
    }

    pub(crate) fn provider_error(&mut self, word: &str) {
        self.provider_error = Some(word.into());
    }

    /// Something broke on the way, though the answer is already made.
    pub(crate) fn failed(&mut self, failure: Failure) {
        self.failure = Some(failure);
    }

    /// Lets a judgement pass or refuses; what would have refused an observed key is noted.
    pub(crate) fn observe(&mut self, judged: Judged) -> Result<(), Denial> {
        // whoever has waited is judged twice
        if let Some(denial) = judged.passed()?.filter(|denial| !self.would_deny.contains(&denial.code.as_str())) {
            self.would_deny.push(denial.code.as_str());
        }
        Ok(())
    }
}
