//! How many bytes is `2MiB`?

/// Parses a whole number with `KiB`, `MiB` or no unit.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let units = [("KiB", 1024), ("MiB", 1 << 20)];
    let (digits, unit) = units.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit))).unwrap_or((text, 1));
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { digits.parse::<u64>().ok()?.checked_mul(unit) } else { None }
}

/// The shortest text that parses to it.
pub(crate) fn format(bytes: u64) -> String {
    match bytes {
        whole if whole > 0 && whole % (1 << 20) == 0 => format!("{}MiB", whole >> 20),
        whole if whole > 0 && whole % 1024 == 0 => format!("{}KiB", whole >> 10),
        odd => odd.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_prints_as_it_is_written() {
        for (text, bytes) in [("512", 512), ("16KiB", 16_384), ("2MiB", 2_097_152)] {
            assert_eq!((parse(text), format(bytes)), (Some(bytes), text.to_owned()));
        }
        for text in ["", "KiB", "2MB", "-1", "1.5MiB", "2 MiB", "99999999999999999999", "18446744073709551615MiB"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
