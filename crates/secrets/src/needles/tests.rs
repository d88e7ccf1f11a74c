use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::*;
use crate::source::{Version, VersionId};

const HEX_KEY: &[u8] = b"0123456789abcdef0123456789abcdef";
const ODD_KEY: &[u8] = b"CAP-/\"<+&\\=%?'~>0f1E2d3C4b5A6978";

fn entry(key: &[u8]) -> Arc<Entry> {
    let version = Version { id: VersionId::new("env:1"), secret: Secret::new(key) };
    Arc::new(Entry::new(version, true, &[7; 32]))
}

/// The key as other people's encoders write it; none of ours has a part in it.
fn echoes(key: &[u8]) -> Vec<(Form, Vec<u8>)> {
    let text = std::str::from_utf8(key).unwrap();
    let each = |write: &dyn Fn(u8) -> String| key.iter().map(|byte| write(*byte)).collect::<String>().into_bytes();
    let mut echoes = vec![
        (Form::Raw, key.to_vec()),
        (Form::Raw, key.to_ascii_uppercase()),
        (Form::Raw, key.to_ascii_lowercase()),
        (Form::Percent, each(&|byte| format!("%{byte:02x}"))),
        (Form::Percent, each(&|byte| format!("%{byte:02X}"))),
        (Form::Json, each(&|byte| format!("\\u{byte:04x}"))),
        (Form::Json, each(&|byte| format!("\\u{byte:04X}"))),
        (Form::Html, each(&|byte| format!("&#{byte};"))),
        (Form::Html, each(&|byte| format!("&#x{byte:X};"))),
        (Form::Hex, each(&|byte| format!("{byte:02x}"))),
        (Form::Hex, each(&|byte| format!("{byte:02X}"))),
    ];
    for before in ["", "k", "ke", "key", "key=", "{\"key\":\"", "Basic user:"] {
        let message = format!("{before}{text}&json=1");
        echoes.push((Form::Base64, STANDARD.encode(&message).into_bytes()));
        echoes.push((Form::Base64, URL_SAFE_NO_PAD.encode(format!("{before}{text}")).into_bytes()));
        echoes.push((Form::Base64, STANDARD.encode(&message).replace('/', "\\/").into_bytes()));
        echoes.push((Form::Base64, STANDARD.encode(&message).replace('/', "%2F").replace('+', "%2B").into_bytes()));
    }
    echoes
}

#[test]
fn se_01_every_form_is_found_at_every_split() {
    for key in [HEX_KEY, ODD_KEY] {
        let entry = entry(key);
        for (form, echo) in echoes(key) {
            let body = [b"<html>wrong key: ", &*echo, b"</html>"].concat();
            let shown = String::from_utf8_lossy(&body).into_owned();
            assert_eq!(entry.find(&body), Some(form), "{shown}");
            for at in 0..=body.len() {
                let (first, second) = body.split_at(at);
                let mut tripwire = Tripwire::new(entry.clone());
                tripwire.push(first);
                assert_eq!(tripwire.push(second), Some(form), "{shown} split at {at}");
            }
            let mut tripwire = Tripwire::new(entry.clone());
            assert!(body.iter().any(|byte| tripwire.push(&[*byte]).is_some()), "{shown} byte by byte");
        }
    }
}

#[test]
fn se_01_escapes_of_special_characters_alone_are_found() {
    let entry = entry(ODD_KEY);
    for (form, echo) in [
        (Form::Json, r#"CAP-\/\"<+&\\=%?'~>0f1E2d3C4b5A6978"#),
        (Form::Percent, "CAP-%2F%22%3C%2B%26%5C%3D%25%3F%27~%3E0f1E2d3C4b5A6978"),
        (Form::Percent, "CAP-%2f%22%3c%2b%26%5c%3d%25%3f%27~%3e0f1E2d3C4b5A6978"),
        (Form::Html, "CAP-/&quot;&lt;+&amp;\\=%?&#39;~&gt;0f1E2d3C4b5A6978"),
    ] {
        assert_eq!(entry.find(echo.as_bytes()), Some(form), "{echo}");
    }
}

#[test]
fn se_01_a_key_behind_escapes_of_some_letters_or_of_two_layers_is_found() {
    let entry = entry(HEX_KEY);
    let escaped = |write: &dyn Fn(u8) -> String| {
        let each = |(at, byte): (usize, &u8)| if at % 3 == 0 { write(*byte) } else { char::from(*byte).to_string() };
        HEX_KEY.iter().enumerate().map(each).collect::<String>()
    };
    for echo in [
        escaped(&|byte| format!("\\u{byte:04x}")),
        escaped(&|byte| format!("%{byte:02X}")),
        escaped(&|byte| format!("&#{byte};")),
        escaped(&|byte| format!("&#x{byte:02x};")),
        escaped(&|byte| format!("%25{byte:02x}")),
        escaped(&|byte| format!("\\\\u00{byte:02x}")),
        escaped(&|byte| if byte % 2 == 0 { format!("%{byte:02x}") } else { format!("&amp;#{byte};") }),
        STANDARD.encode([b"key=", HEX_KEY].concat()).replace('M', "\\u004d"),
    ] {
        assert_eq!(entry.find(format!("OK|{echo} and more").as_bytes()), Some(Form::Escaped), "{echo}");
    }
    assert_eq!(entry.find(escaped(&|byte| format!("%2525{byte:02x}")).replace("%2525", "%252525").as_bytes()), None, "an end of layers");
}

#[test]
fn the_bytes_before_a_hit_hold_less_than_the_key() {
    let entry = entry(HEX_KEY);
    let mut tripwire = Tripwire::new(entry);
    for byte in &HEX_KEY[..HEX_KEY.len() - 1] {
        assert_eq!(tripwire.push(&[*byte]), None);
    }
    assert_eq!(tripwire.push(&HEX_KEY[HEX_KEY.len() - 1..]), Some(Form::Raw));
    assert_eq!(tripwire.push(b"and ever after"), Some(Form::Raw));
}

#[test]
fn answers_without_the_key_pass() {
    let entry = entry(HEX_KEY);
    let mut seed = blake3::Hasher::new();
    for round in 0..200_u32 {
        seed.update(&round.to_le_bytes());
        let mut noise = [0; 4096];
        seed.finalize_xof().fill(&mut noise);
        assert_eq!(entry.find(&noise), None);
        assert_eq!(entry.find(STANDARD.encode(noise).as_bytes()), None);
    }
    for near in ["0123456789abcdef0123456789abcde", "0123456789abcdef-0123456789abcdef", "OK|2122988149", ""] {
        assert_eq!(entry.find(near.as_bytes()), None, "{near}");
    }
}

#[test]
fn without_a_tripwire_nothing_is_looked_for() {
    let version = Version { id: VersionId::new("env:1"), secret: Secret::new(*b"short") };
    let entry = Arc::new(Entry::new(version, false, &[7; 32]));
    assert_eq!(entry.find(b"short"), None);
    assert_eq!(Tripwire::new(entry).push(b"short"), None);
}
