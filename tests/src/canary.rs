//! The forms in which a secret could leave: raw, and the encodings that providers, logs and databases use.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Every form of a secret that must stand nowhere: raw, percent-encoded, hexadecimal, base64 at three alignments.
pub fn forms(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = secret.as_bytes();
    let hex = |upper: bool| {
        bytes.iter().map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") }).collect::<Vec<_>>().concat()
    };
    let percent = |upper: bool| {
        bytes.iter().map(|byte| if upper { format!("%{byte:02X}") } else { format!("%{byte:02x}") }).collect::<Vec<_>>().concat()
    };
    let json = bytes.iter().map(|byte| format!("\\u{:04x}", u32::from(*byte))).collect::<Vec<_>>().concat();
    let reversed: String = secret.chars().rev().collect();
    let mut forms = vec![
        ("raw", bytes.to_vec()),
        ("upper case", secret.to_ascii_uppercase().into_bytes()),
        ("reversed", reversed.into_bytes()),
        ("hex", hex(false).into_bytes()),
        ("HEX", hex(true).into_bytes()),
        ("percent", percent(false).into_bytes()),
        ("PERCENT", percent(true).into_bytes()),
        ("json", json.into_bytes()),
    ];
    for shift in 0..3 {
        let padded = [vec![b'.'; shift], bytes.to_vec()].concat();
        for (name, engine) in [("base64", &STANDARD_NO_PAD), ("base64url", &URL_SAFE_NO_PAD)] {
            let text = engine.encode(&padded);
            // the characters that the neighbours decide are left out at both ends
            let inner: String = text.chars().skip(4 * shift.min(1)).take(bytes.len() * 4 / 3 - 6).collect();
            forms.push((name, inner.into_bytes()));
        }
    }
    forms
}
