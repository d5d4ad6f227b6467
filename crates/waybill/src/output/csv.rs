//! RFC 4180.

use std::io::{self, Write};

/// What ends a row.
pub(crate) const END: &[u8] = b"\r\n";

/// Writes a field, in quotes where it needs them.
pub(crate) fn field(out: &mut impl Write, text: &str) -> io::Result<()> {
    if !text.bytes().any(|b| matches!(b, b'"' | b',' | b'\r' | b'\n')) {
        return out.write_all(text.as_bytes());
    }
    out.write_all(b"\"")?;
    for (i, piece) in text.split('"').enumerate() {
        if i > 0 {
            out.write_all(b"\"\"")?;
        }
        out.write_all(piece.as_bytes())?;
    }
    out.write_all(b"\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_quoted_only_where_it_must_be() {
        for (text, written) in [
            ("", ""),
            ("1 Main St", "1 Main St"),
            ("1 Main St, Austin", "\"1 Main St, Austin\""),
            ("\"Al\" Roe", "\"\"\"Al\"\" Roe\""),
            ("a\rb", "\"a\rb\""),
        ] {
            let mut out = Vec::new();
            field(&mut out, text).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), written);
        }
    }
}
