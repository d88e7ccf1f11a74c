//! What is a provider's word of refusal about? The classes that every dialect's list sorts its words into.

use serde::Deserialize;

/// What a provider's word of refusal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WordClass {
    /// Our real key.
    Auth,
    /// Our account's money.
    AccountBudget,
    /// Our address: not on the account's list, or banned.
    AccountAddress,
    /// No worker or thread is free.
    NoSlot,
    /// What the caller sent.
    CallerFault,
    /// A task that was taken and will have no answer, by its own fault.
    TaskFault,
    /// Nobody could solve it.
    Unsolvable,
    /// The task's id.
    WrongId,
    /// The report.
    Report,
    /// The provider's own trouble: whether the task was bought is not said.
    Transient,
    /// Too many requests; the request was not looked at.
    Rate,
    /// Begins with `ERROR_` and is not on the list.
    Unknown,
}

/// The one word that is no refusal: the answer is not there yet (both spellings are in use).
pub(crate) fn is_not_ready(word: &[u8]) -> bool {
    matches!(word, b"CAPCHA_NOT_READY" | b"CAPTCHA_NOT_READY")
}

/// A text that is on no list and has the form of a word of refusal: plain and short, so that it may stand in a record.
pub(crate) fn unlisted(text: &str) -> Option<(&str, WordClass)> {
    const LONGEST: usize = 64;
    let plain = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    (text.starts_with("ERROR_") && text.len() <= LONGEST && plain).then_some((text, WordClass::Unknown))
}
