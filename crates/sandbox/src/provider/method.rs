//! Which methods does the provider know, what must each be given, and what does it answer?

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde_json::{Value, json};

use crate::answer::{Code, Solution};
use crate::fields::Fields;

/// What a method must be given.
#[derive(Clone, Copy)]
pub(super) enum Needs {
    /// An image or a sound: a `file` or a base64 `body`.
    Image,
    /// Named parameters, each with the refusal for its absence.
    Named(&'static [(&'static str, Code)]),
}

const PAGE: (&str, Code) = ("pageurl", "ERROR_PAGEURL");

macro_rules! named {
    ($($parameter:literal),*) => { Needs::Named(&[$(($parameter, "ERROR_BAD_PARAMETERS"),)* PAGE]) };
}

/// CaptchaAI's method registry and 2Captcha's (2captcha-python 2.1.2); hCaptcha is withdrawn at 2Captcha and known here.
const METHODS: &[(&str, Needs)] = &[
    ("post", Needs::Image),
    ("base64", Needs::Image),
    ("userrecaptcha", Needs::Named(&[("googlekey", "ERROR_GOOGLEKEY"), PAGE])),
    ("turnstile", named!("sitekey")),
    ("cloudflare_challenge", named!()),
    ("geetest", named!("gt", "challenge")),
    ("geetest_v4", named!("captcha_id")),
    ("bls", Needs::Named(&[])),
    ("captchafox", named!("sitekey")),
    ("friendly_captcha", named!("sitekey")),
    ("lemin", named!("captcha_id")),
    ("hcaptcha", named!("sitekey")),
    ("funcaptcha", named!("publickey")),
    ("capy", named!("captchakey")),
    ("keycaptcha", named!()),
    ("amazon_waf", named!("sitekey")),
    ("mt_captcha", named!("sitekey")),
    ("datadome", named!("captcha_url")),
    ("cybersiara", named!("master_url_id")),
    ("cutcaptcha", named!("misery_key")),
    ("atb_captcha", named!("app_id")),
    ("tencent", named!("app_id")),
    ("prosopo", named!("sitekey")),
    ("yandex", named!()),
    ("alibaba", named!()),
    ("altcha", named!()),
    ("basilisk", named!()),
    ("binance", named!()),
    ("hunt", named!()),
    ("incapsula", named!()),
    ("tspd", named!()),
    ("yidun", named!()),
    ("rotatecaptcha", Needs::Image),
    ("audio", Needs::Image),
    ("drag_drop", Needs::Named(&[])),
    ("temuimage", Needs::Named(&[])),
    ("vkcaptcha", Needs::Named(&[])),
    ("vkimage", Needs::Named(&[])),
];

/// A text question, which has a parameter of its own and no method.
pub(super) const TEXT: &str = "textcaptcha";

pub(super) fn needs(method: &str) -> Option<Needs> {
    METHODS.iter().find(|(name, _)| *name == method).map(|(_, needs)| *needs)
}

/// What the answers of a task look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Recaptcha,
    Enterprise,
    Clearance,
    GeeTest,
    Lemin,
    CaptchaFox,
    Cells,
    /// v2: every type but images and reCAPTCHA.
    Token,
}

/// The form of a method's answers (CaptchaAI's registry, `captchaai` 1.0.1).
pub(super) fn form(method: &str, fields: &Fields) -> Form {
    match method {
        "userrecaptcha" if fields.text("enterprise") == Some("1") => Form::Enterprise,
        "userrecaptcha" => Form::Recaptcha,
        "cloudflare_challenge" => Form::Clearance,
        "geetest" => Form::GeeTest,
        "lemin" => Form::Lemin,
        "captchafox" => Form::CaptchaFox,
        "bls" => Form::Cells,
        "base64" | "post" if fields.filled("grid_size").is_some() => Form::Cells,
        _ => Form::Text,
    }
}

/// The answer to a task: always the same for the same id.
pub(super) fn solution(form: Form, id: u64, set: Option<&str>) -> Solution {
    let answer = set.map_or_else(|| answer(form, id), Value::from);
    let plain = Solution::new(answer);
    match form {
        // CaptchaAI's clients read `result`, 2Captcha's read `request`
        Form::Enterprise => Solution { result: true, user_agent: true, ..plain },
        Form::Clearance => Solution { request: false, result: true, user_agent: true, ..plain },
        Form::CaptchaFox => Solution { user_agent: true, ..plain },
        Form::Text | Form::Recaptcha | Form::GeeTest | Form::Lemin | Form::Cells | Form::Token => plain,
    }
}

fn answer(form: Form, id: u64) -> Value {
    let text = format!("SANDBOX-{id}");
    match form {
        Form::Text | Form::Clearance | Form::CaptchaFox | Form::Token => Value::from(text),
        Form::Recaptcha | Form::Enterprise => Value::from(token(id)),
        Form::GeeTest => json!({
            "geetest_challenge": format!("{id:032x}"),
            "geetest_validate": text,
            "geetest_seccode": format!("{text}|jordan"),
        }),
        Form::Lemin => json!({"answer": text, "challenge_uuid": format!("{id:032x}")}),
        Form::Cells => json!([1, 1 + id % 9]),
    }
}

/// As long as reCAPTCHA's tokens and of their alphabet.
fn token(id: u64) -> String {
    let seed = id.to_be_bytes();
    let bytes: Vec<u8> = (0_u8..=255).chain(0..100).zip(seed.iter().cycle()).map(|(index, byte)| index.wrapping_mul(167) ^ *byte).collect();
    format!("03AGdBq2SANDBOX-{id}-{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
}
