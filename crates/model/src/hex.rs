//! How does a byte read in hexadecimal? One table for ids and hashes, which every line of the journal carries.

/// Both digits of every byte, in small letters.
const DIGITS: [[u8; 2]; 256] = {
    const fn digit(nibble: u8) -> u8 {
        if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
    }
    let mut table = [[0; 2]; 256];
    let mut byte = 0_u8;
    loop {
        #[expect(clippy::indexing_slicing, reason = "a byte is below 256; evaluated when compiling")]
        {
            table[byte as usize] = [digit(byte >> 4), digit(byte & 15)];
        }
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

/// The two digits of a byte.
pub const fn hex_of(byte: u8) -> [u8; 2] {
    #[expect(clippy::indexing_slicing, reason = "a byte is below 256")]
    DIGITS[byte as usize]
}
