//! What are the pairs of a query or of a form? Name, `=`, value; nothing guessed.

use crate::misread::Unclear;
use crate::params::{BLOB, Params, Place};
use crate::value::Value;

/// Reads `a=1&b=2` into the parameters.
///
/// One outcome each: an empty piece (`&&`, a leading or trailing `&`) means nothing and is passed over, as PHP does; a name
/// without `=`, an empty name and a name that is not plain as it stands are refused; `;` is a byte of the value.
pub(crate) fn read<'a>(text: &'a [u8], place: Place, params: &mut Params<'a>) -> Result<(), Unclear> {
    for piece in text.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty()) {
        let at = memchr::memchr(b'=', piece).ok_or(Unclear::ambiguous("a parameter without `=`"))?;
        let (name, rest) = piece.split_at(at);
        let value = rest.split_first().map_or(&[][..], |(_, value)| value);
        // the one name that cannot be written without an escape
        let name = if name == b"data%5Bblob%5D" { BLOB.as_bytes() } else { name };
        params.push(name, Value::form(value)?, place)?;
    }
    Ok(())
}
