//! Deflate with its fixed code alone (RFC 1951, 3.2.6): enough to hide a text from whoever does not decode it.

/// RFC 1952.
pub(crate) fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    out.extend(raw(plain));
    out.extend(crc(plain).to_le_bytes());
    out.extend(u32::try_from(plain.len()).unwrap_or(u32::MAX).to_le_bytes());
    out
}

/// RFC 1950.
pub(crate) fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    out.extend(raw(plain));
    let (low, high) = plain.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    out.extend(((high << 16) | low).to_be_bytes());
    out
}

/// One last block: every ASCII letter is eight bits, 48 above itself, from the highest; the end is seven zeros.
fn raw(plain: &[u8]) -> Vec<u8> {
    let mut bits = vec![true, true, false];
    for byte in plain {
        assert!(*byte < 144);
        bits.extend((0..8).rev().map(|bit| (byte + 48) >> bit & 1 == 1));
    }
    bits.extend([false; 7]);
    bits.chunks(8).map(|eight| eight.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect()
}

fn crc(plain: &[u8]) -> u32 {
    !plain.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    })
}
