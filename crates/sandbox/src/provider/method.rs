//! Which methods does the provider know, what must each be given, and what does it answer?

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde_json::json;

use crate::answer::{Code, Solution};

/// What a method must be given.
#[derive(Clone, Copy)]
pub(super) enum Needs {
    /// An image: a `file` or a base64 `body`.
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
    ("prosopo", named!("sitekey")),
    ("yandex", named!()),
    ("rotatecaptcha", Needs::Image),
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

/// The answer to a task: always the same for the same id, in the shape that its method has.
pub(super) fn solution(method: &str, id: u64) -> Solution {
    match method {
        "userrecaptcha" => Solution::Text(token(id)),
        "geetest" => Solution::Object(json!({
            "geetest_challenge": format!("{id:032x}"),
            "geetest_validate": format!("SANDBOX-{id}"),
            "geetest_seccode": format!("SANDBOX-{id}|jordan"),
        })),
        "cloudflare_challenge" => {
            Solution::Clearance { token: format!("SANDBOX-{id}"), user_agent: "Mozilla/5.0 (X11; Linux x86_64) Sandbox/1.0" }
        }
        _ => Solution::Text(format!("SANDBOX-{id}")),
    }
}

/// As long as reCAPTCHA's tokens and of their alphabet.
fn token(id: u64) -> String {
    let seed = id.to_be_bytes();
    let bytes: Vec<u8> = (0_u8..=255).chain(0..100).zip(seed.iter().cycle()).map(|(index, byte)| index.wrapping_mul(167) ^ *byte).collect();
    format!("03AGdBq2SANDBOX-{id}-{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
}
