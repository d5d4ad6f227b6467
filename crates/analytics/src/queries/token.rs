//! Page tokens: where the next page begins, bound to the question it belongs to.

use std::fmt::Write as _;

/// The form of the bytes; a token of another is refused, not misread.
const FORM: u8 = 1;

/// Which question a token belongs to: its method, filter and order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Question([u8; 8]);

impl Question {
    pub(super) fn new(parts: &[&[u8]]) -> Question {
        let mut hash = blake3::Hasher::new();
        for part in parts {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let mut short = [0; 8];
        short.copy_from_slice(&hash.finalize().as_bytes()[..8]);
        Question(short)
    }

    /// The token of a place in the answer to this question.
    pub(super) fn token(self, place: &[u8]) -> String {
        let bytes = [FORM].iter().chain(&self.0).chain(place);
        let mut text = String::new();
        for byte in bytes {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// The place in a token.
    pub(super) fn place(self, token: &str) -> Result<Vec<u8>, &'static str> {
        let bytes = unhex(token).ok_or("is not a token of this service")?;
        let rest = bytes.strip_prefix(&[FORM]).ok_or("is not a token of this service")?;
        let place = rest
            .strip_prefix(&self.0)
            .ok_or("is of another question: filter and order must be the same on every page")?;
        Ok(place.to_vec())
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| Some((digit(pair[0])? << 4 | digit(pair[1])?) as u8))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_holds_its_place_for_its_own_question_only() {
        let question = Question::new(&[b"plans", b"sequence"]);
        let token = question.token(&[1, 2, 255]);
        assert_eq!(question.place(&token), Ok(vec![1, 2, 255]));
        let other = Question::new(&[b"planss", b"equence"]);
        assert!(other.place(&token).unwrap_err().contains("another question"));
        for bad in ["x", "zz", "0", "", "\u{e9}\u{e9}", &token[2..]] {
            assert!(question.place(bad).is_err(), "{bad}");
        }
    }
}
