//! Second factors as people see them: codes of an authenticator app, and recovery codes for who has lost it.

mod qr_code;
pub(crate) mod recovery;
pub(crate) mod totp;

use countersign_domain::Digest;

pub(crate) use qr_code::QrCodeImage;

/// What somebody typed who was asked for a code.
pub(crate) enum TypedCode {
    /// Six digits.
    Totp(String),
    /// A recovery code, as its digest.
    Recovery(Digest),
}

impl TypedCode {
    /// Reads either kind, however it is spaced; `None` for what can be neither.
    pub fn parse(typed: &str) -> Option<Self> {
        let bare = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect::<String>();
        if bare.len() == totp::DIGITS && bare.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Totp(bare));
        }
        recovery::digest(&bare).map(Self::Recovery)
    }
}

/// Five bits a character, the first of a byte first (RFC 4648 section 6).
fn base32(bytes: &[u8], alphabet: &[u8; 32]) -> String {
    let bit = |index: usize| bytes.get(index / 8).map_or(0, |byte| byte >> (7 - index % 8) & 1);
    let length = (bytes.len() * 8).div_ceil(5);
    (0..length)
        .map(|index| (0..5).fold(0, |value, place| value << 1 | bit(index * 5 + place)))
        .map(|value| char::from(alphabet[usize::from(value)]))
        .collect()
}

/// Four characters a group, easier to read and to copy by hand.
fn in_groups(text: &str, separator: &str) -> String {
    let characters = text.chars().collect::<Vec<_>>();
    characters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_however_they_are_spaced() {
        assert!(matches!(TypedCode::parse(" 123 456 "), Some(TypedCode::Totp(code)) if code == "123456"));
        assert!(matches!(TypedCode::parse("0123-4567-89AB-CDEF"), Some(TypedCode::Recovery(_))));
        for neither in ["", "12345", "1234567", "12345a", "１２３４５６", "0123-4567-89AB-CDE", "0123-4567-89AB-CDEF-0"]
        {
            assert!(TypedCode::parse(neither).is_none(), "{neither}");
        }
    }

    #[test]
    fn base32_is_that_of_the_standard() {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        assert_eq!(base32(b"foobar", alphabet), "MZXW6YTBOI");
        assert_eq!(base32(b"fooba", alphabet), "MZXW6YTB");
    }
}
