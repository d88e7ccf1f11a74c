//! Which words does the provider know, which number has each, and what does each mean for a hold?

use crate::words::{WordClass, unlisted};

/// PROTOCOLS B.2: error ids of Anti-Captcha and 2Captcha, codes of CapMonster and CapSolver (whose number is always 1).
const KNOWN: [(&str, u16, WordClass); 50] = [
    ("ERROR_KEY_DOES_NOT_EXIST", 1, WordClass::Auth),
    ("ERROR_NO_SLOT_AVAILABLE", 2, WordClass::NoSlot),
    ("ERROR_ZERO_CAPTCHA_FILESIZE", 3, WordClass::CallerFault),
    ("ERROR_TOO_BIG_CAPTCHA_FILESIZE", 4, WordClass::CallerFault),
    ("ERROR_PAGEURL", 5, WordClass::CallerFault),
    ("ERROR_ZERO_BALANCE", 10, WordClass::AccountBudget),
    ("ERROR_IP_NOT_ALLOWED", 11, WordClass::AccountAddress),
    ("ERROR_CAPTCHA_UNSOLVABLE", 12, WordClass::Unsolvable),
    ("ERROR_BAD_DUPLICATES", 13, WordClass::TaskFault),
    ("ERROR_NO_SUCH_METHOD", 14, WordClass::CallerFault),
    ("ERROR_IMAGE_TYPE_NOT_SUPPORTED", 15, WordClass::CallerFault),
    ("ERROR_NO_SUCH_CAPCHA_ID", 16, WordClass::WrongId),
    ("ERROR_IP_BLOCKED", 21, WordClass::AccountAddress),
    ("ERROR_TASK_ABSENT", 22, WordClass::CallerFault),
    ("ERROR_TASK_NOT_SUPPORTED", 23, WordClass::CallerFault),
    ("ERROR_INCORRECT_SESSION_DATA", 24, WordClass::CallerFault),
    ("ERROR_PROXY_CONNECT_REFUSED", 25, WordClass::CallerFault),
    ("ERROR_RECAPTCHA_INVALID_SITEKEY", 31, WordClass::CallerFault),
    ("ERROR_ACCOUNT_SUSPENDED", 55, WordClass::Auth),
    ("ERROR_BAD_PARAMETERS", 110, WordClass::CallerFault),
    ("ERROR_BAD_IMGINSTRUCTIONS", 115, WordClass::CallerFault),
    ("ERROR_BAD_PROXY", 130, WordClass::CallerFault),
    ("ERROR_PROXY_BANNED", 1, WordClass::CallerFault),
    ("ERROR_PROXY_MISSING", 1, WordClass::CallerFault),
    ("ERROR_PROXY_NOT_AUTHORISED", 1, WordClass::CallerFault),
    ("ERROR_PROXY_READ_TIMEOUT", 1, WordClass::CallerFault),
    ("ERROR_PROXY_CONNECT_TIMEOUT", 1, WordClass::CallerFault),
    ("ERROR_RECAPTCHA_INVALID_DOMAIN", 1, WordClass::CallerFault),
    ("ERROR_RECAPTCHA_TIMEOUT", 1, WordClass::TaskFault),
    ("ERROR_DOMAIN_NOT_ALLOWED", 1, WordClass::CallerFault),
    ("ERROR_TOKEN_EXPIRED", 1, WordClass::TaskFault),
    ("ERROR_IP_BANNED", 1, WordClass::AccountAddress),
    ("ERROR_TOO_MUCH_REQUESTS", 1, WordClass::Rate),
    ("WRONG_CAPTCHA_ID", 1, WordClass::WrongId),
    ("ERROR_WRONG_CAPTCHA_ID", 1, WordClass::WrongId),
    ("ERROR_TASKID_INVALID", 1, WordClass::WrongId),
    ("ERROR_INVALID_TASK_DATA", 1, WordClass::CallerFault),
    ("ERROR_BAD_REQUEST", 1, WordClass::CallerFault),
    ("ERROR_INVALID_IMAGE", 1, WordClass::CallerFault),
    ("ERROR_UNKNOWN_QUESTION", 1, WordClass::TaskFault),
    ("ERROR_TASK_TIMEOUT", 1, WordClass::TaskFault),
    ("ERROR_RATE_LIMIT", 1, WordClass::Rate),
    ("ERROR_KEY_DENIED_ACCESS", 1, WordClass::Auth),
    ("ERROR_SETTLEMENT_FAILED", 1, WordClass::Transient),
    // sic: CapSolver's spelling, and the right one
    ("ERROR_SERVICE_UNAVALIABLE", 1, WordClass::Transient),
    ("ERROR_SERVICE_UNAVAILABLE", 1, WordClass::Transient),
    ("ERROR_INTERNAL_SERVER_ERROR", 1, WordClass::Transient),
    ("ERROR_REPORT_NOT_RECORDED", 1, WordClass::Report),
    ("ERROR_DUPLICATE_REPORT", 1, WordClass::Report),
    ("ERROR_ACCESS_DENIED", 1, WordClass::CallerFault),
];

/// The word with its class, if the text is one; an unlisted `ERROR_…` is a word of an unknown class.
pub(super) fn find(text: &str) -> Option<(&str, WordClass)> {
    match KNOWN.iter().find(|(word, ..)| *word == text) {
        Some((word, _, class)) => Some((word, *class)),
        None => unlisted(text),
    }
}

/// The number that stands beside a word; 1 beside those of our own.
pub(super) fn number(word: &str) -> u16 {
    KNOWN.iter().find(|(known, ..)| *known == word).map_or(1, |(_, number, _)| *number)
}
