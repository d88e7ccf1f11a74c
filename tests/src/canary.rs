//! The forms in which a secret could leave: raw, and the encodings that providers, logs and databases use.

use std::fs;
use std::path::Path;

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::http::Answer;

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

/// Everything that somebody was given, printed or stored, to be searched for a secret.
#[derive(Default)]
pub struct Search(Vec<(String, Vec<u8>)>);

impl Search {
    /// Adds bytes from a named place.
    pub fn add(&mut self, place: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.push((place.into(), bytes.into()));
    }

    /// Adds an answer: status, headers, body.
    pub fn answer(&mut self, place: impl Into<String>, answer: &Answer) {
        self.add(place, format!("{} {:?} {}", answer.status, answer.headers, answer.body));
    }

    /// Adds every file under a folder but those of that name.
    pub fn files(&mut self, folder: &Path, except: &str) -> Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                self.files(&path, except)?;
            } else if path.is_file() && path.file_name().is_some_and(|name| name != except) {
                self.add(path.display().to_string(), fs::read(&path)?);
            }
        }
        Ok(())
    }

    /// How many places it has.
    pub const fn places(&self) -> usize {
        self.0.len()
    }

    /// Every form of the secret, and the place where it stands.
    pub fn hits(&self, secret: &str) -> Vec<String> {
        let forms = forms(secret);
        let stands = |bytes: &[u8], needle: &[u8]| !needle.is_empty() && bytes.windows(needle.len()).any(|window| window == needle);
        let hit = |(place, bytes): &(String, Vec<u8>)| {
            let found = forms.iter().filter(|(_, needle)| stands(bytes, needle));
            found.map(|(form, _)| format!("{form} in {place}")).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(hit).collect()
    }
}
