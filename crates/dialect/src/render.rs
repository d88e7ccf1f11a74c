//! How does the gate answer a caller of this provider? In the dialect of its profile.

use tollgate_model::{Denial, FailureCode, Money, RequestId, TaskId};

use crate::operation::{AnswerForm, Operation};
use crate::profile::{Dialect, Profile};
use crate::reading::Reading;
use crate::{v1, v2};

/// Who is answered, and how.
#[derive(Clone, Copy)]
pub struct Answering<'a> {
    /// The provider whose words are used.
    pub profile: &'a Profile,
    /// How the caller wants to be answered.
    pub form: AnswerForm,
    /// The request's id, for dialects that have room for it.
    pub id: RequestId,
}

impl Answering<'_> {
    /// Appends the provider's word for a denial of ours.
    pub fn denial(&self, denial: &Denial, out: &mut Vec<u8>) {
        match self.profile.dialect() {
            Dialect::V1 => v1::render::denial(self.profile, denial.code, self.form, out),
            Dialect::V2 => v2::render::denial(self.profile, denial, self.id, out),
        }
    }

    /// Appends the provider's word for a failure.
    pub fn failure(&self, code: FailureCode, out: &mut Vec<u8>) {
        match self.profile.dialect() {
            Dialect::V1 => v1::render::failure(self.profile, code, self.form, out),
            Dialect::V2 => v2::render::failure(self.profile, code, self.id, out),
        }
    }

    /// Appends the id of a task that was taken, for a caller that asks for the same again.
    pub fn submitted(&self, task: TaskId, out: &mut Vec<u8>) {
        match self.profile.dialect() {
            Dialect::V1 => v1::render::submitted(task, self.form, out),
            Dialect::V2 => v2::render::submitted(self.profile, task, out),
        }
    }

    /// Appends "the answer is not there yet".
    pub fn not_ready(&self, out: &mut Vec<u8>) {
        match self.profile.dialect() {
            Dialect::V1 => v1::render::not_ready(self.form, out),
            Dialect::V2 => v2::render::not_ready(out),
        }
    }

    /// Appends a balance.
    pub fn balance(&self, left: Money, out: &mut Vec<u8>) {
        match self.profile.dialect() {
            Dialect::V1 => v1::render::balance(left, self.form, out),
            Dialect::V2 => v2::render::balance(left, out),
        }
    }

    /// Appends threads and those at work; v2 has no such call.
    pub fn threads(&self, threads: u32, working: u32, out: &mut Vec<u8>) {
        match self.profile.dialect() {
            Dialect::V1 => v1::render::threads(threads, working, self.form, out),
            Dialect::V2 => v2::render::failure(self.profile, FailureCode::OutcomeUnknown, self.id, out),
        }
    }

    /// Appends what a reading says to the caller.
    pub fn reading(&self, operation: &Operation<'_>, reading: &Reading<'_>, out: &mut Vec<u8>) {
        match self.profile.dialect() {
            Dialect::V1 => v1::render::reading(self.profile, operation, self.form, reading, out),
            Dialect::V2 => v2::render::reading(self.profile, operation, reading, self.id, out),
        }
    }
}
