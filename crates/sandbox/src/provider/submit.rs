//! Is this submission one the provider takes, and what does taking it cost?

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use tokio::time::Instant;

use super::Call;
use super::method::{self, Needs};
use super::result::read;
use crate::answer::{Code, Said};
use crate::books::Upload;
use crate::fields::Fields;
use crate::mode::{Outcome, Pricing};
use crate::state::Inner;

/// Below 100 bytes nothing is an image; CaptchaAI's newer page allows 1024 KB.
const SMALLEST_IMAGE: usize = 100;
const LARGEST_IMAGE: usize = 1024 * 1024;

/// PHP's `base64_decode` does not ask for padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
);

/// Takes a task and gives its id; it is charged from here on.
pub(super) fn upload(inner: &mut Inner, now: Instant, call: &Call) -> Result<u64, Code> {
    let method = checked_method(&call.fields)?;
    let price = inner.mode.price_of(method);
    if inner.mode.pricing == Pricing::Task && inner.books.balance() < price {
        return Err("ERROR_ZERO_BALANCE");
    }
    if inner.books.working() >= inner.mode.threads as usize {
        return Err("ERROR_NO_SLOT_AVAILABLE");
    }
    let doomed = inner.mode.outcome == Outcome::Unsolvable;
    let upload = Upload { key: call.key(), form: method::form(method, &call.fields), price, solve_time: inner.mode.solve_time(), doomed };
    Ok(inner.books.upload(now, &upload))
}

/// Takes a task and gives its answer, as `solve.php` does after its solving time.
pub(super) fn solve(inner: &mut Inner, now: Instant, call: &Call) -> Result<Said, Code> {
    let id = upload(inner, now, call)?;
    let (solution, _) = read(inner, now + inner.mode.solve_time(), id)?;
    Ok(Said::Solved { solution, price: None })
}

fn checked_method(fields: &Fields) -> Result<&str, Code> {
    let asked = fields.filled("method");
    if matches!(asked, None | Some("post")) && fields.filled(method::TEXT).is_some() {
        return Ok(method::TEXT);
    }
    // a form that has nothing but a file is an image
    let method = asked.or(fields.file("file").map(|_| "post")).ok_or("ERROR_METHOD_CALL")?;
    match method::needs(method).ok_or("ERROR_METHOD_CALL")? {
        Needs::Image => check_image(fields)?,
        Needs::Named(parameters) => {
            for (parameter, code) in parameters {
                fields.filled(parameter).ok_or(*code)?;
            }
        }
    }
    Ok(method)
}

fn check_image(fields: &Fields) -> Result<(), Code> {
    let size = match (fields.file("file"), fields.filled("body")) {
        (Some(file), _) => file.len(),
        (None, Some(body)) => decoded_size(body).ok_or("ERROR_WRONG_FILE_EXTENSION")?,
        (None, None) => return Err("ERROR_UPLOAD"),
    };
    match size {
        ..SMALLEST_IMAGE => Err("ERROR_ZERO_CAPTCHA_FILESIZE"),
        SMALLEST_IMAGE..=LARGEST_IMAGE => Ok(()),
        _ => Err("ERROR_TOO_BIG_CAPTCHA_FILESIZE"),
    }
}

/// A data URL counts without its head; a plus sign that a careless form turned into a space is one again.
fn decoded_size(body: &str) -> Option<usize> {
    let data = if body.starts_with("data:") { body.split_once(',')?.1 } else { body };
    let data: String = data.trim().replace(' ', "+").chars().filter(|char| !char.is_ascii_whitespace()).collect();
    LENIENT.decode(data).ok().map(|image| image.len())
}
