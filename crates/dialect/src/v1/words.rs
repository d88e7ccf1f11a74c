//! Which words does the provider know, and what does each mean for a hold? The known list; nothing else is passed on.

use crate::words::{WordClass, unlisted};

pub(super) use crate::words::is_not_ready;

/// PROTOCOLS B.1: error codes of in.php and res.php, rate codes.
const KNOWN: [(&str, WordClass); 46] = [
    ("ERROR_WRONG_USER_KEY", WordClass::Auth),
    ("ERROR_KEY_DOES_NOT_EXIST", WordClass::Auth),
    ("ERROR_ZERO_BALANCE", WordClass::AccountBudget),
    ("ERROR_NO_SLOT_AVAILABLE", WordClass::NoSlot),
    ("ERROR_IP_NOT_ALLOWED", WordClass::AccountAddress),
    ("IP_BANNED", WordClass::AccountAddress),
    ("ERROR: 1004", WordClass::AccountAddress),
    ("ERROR_PAGEURL", WordClass::CallerFault),
    ("ERROR_GOOGLEKEY", WordClass::CallerFault),
    ("ERROR_WRONG_GOOGLEKEY", WordClass::CallerFault),
    ("ERROR_BAD_TOKEN_OR_PAGEURL", WordClass::CallerFault),
    ("ERROR_BAD_PARAMETERS", WordClass::CallerFault),
    ("ERROR_CAPTCHA_ID", WordClass::CallerFault),
    ("ERROR_METHOD_CALL", WordClass::CallerFault),
    ("ERROR_ZERO_CAPTCHA_FILESIZE", WordClass::CallerFault),
    ("ERROR_TOO_BIG_CAPTCHA_FILESIZE", WordClass::CallerFault),
    ("ERROR_WRONG_FILE_EXTENSION", WordClass::CallerFault),
    ("ERROR_IMAGE_TYPE_NOT_SUPPORTED", WordClass::CallerFault),
    ("ERROR_IMAGE_DIMENSIONS_TOO_LARGE", WordClass::CallerFault),
    ("ERROR_UPLOAD", WordClass::CallerFault),
    ("ERROR_EMPTY_CAPTCHA", WordClass::CallerFault),
    ("ERROR_CAPTCHAIMAGE_BLOCKED", WordClass::CallerFault),
    ("TOO_MANY_BAD_IMAGES", WordClass::CallerFault),
    ("ERROR_BAD_PROXY", WordClass::CallerFault),
    ("ERROR_PROXY_CONNECTION_FAILED", WordClass::CallerFault),
    ("ERROR_DOMAIN_NOT_ALLOWED", WordClass::CallerFault),
    ("ERROR_EMPTY_ACTION", WordClass::CallerFault),
    ("ERROR_IP_ADDRES", WordClass::CallerFault),
    ("ERROR_BAD_DUPLICATES", WordClass::TaskFault),
    ("ERROR_TOKEN_EXPIRED", WordClass::TaskFault),
    ("ERROR_CAPTCHA_UNSOLVABLE", WordClass::Unsolvable),
    ("ERROR_WRONG_ID_FORMAT", WordClass::WrongId),
    ("ERROR_WRONG_CAPTCHA_ID", WordClass::WrongId),
    ("REPORT_NOT_RECORDED", WordClass::Report),
    ("ERROR_REPORT_NOT_RECORDED", WordClass::Report),
    ("ERROR_DUPLICATE_REPORT", WordClass::Report),
    ("ERROR_SERVER_ERROR", WordClass::Transient),
    ("ERROR_INTERNAL_SERVER_ERROR", WordClass::Transient),
    ("MAX_USER_TURN", WordClass::Rate),
    ("ERROR: MAX_USER_TURN", WordClass::Rate),
    ("ERROR: 1001", WordClass::Rate),
    ("ERROR: 1002", WordClass::Rate),
    ("ERROR: 1003", WordClass::Rate),
    ("ERROR: 1005", WordClass::Rate),
    ("ERROR:1001", WordClass::Rate),
    ("ERROR:1005", WordClass::Rate),
];

/// The word with its class, if the text is one; an unlisted `ERROR_…` is a word of an unknown class.
pub(super) fn find(text: &[u8]) -> Option<(&str, WordClass)> {
    let text = std::str::from_utf8(text).ok()?;
    if let Some((word, class)) = KNOWN.iter().find(|(word, _)| *word == text) {
        return Some((word, *class));
    }
    unlisted(text)
}
