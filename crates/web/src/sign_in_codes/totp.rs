//! Time-based one-time passwords (RFC 6238) as every authenticator app makes them: SHA-1, 6 digits, 30 seconds.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha1::Sha1;
use subtle::ConstantTimeEq;

use super::{base32, in_groups};

/// How many digits a code has.
pub(crate) const DIGITS: usize = 6;
/// How long a code is shown, in seconds.
const PERIOD: i64 = 30;
/// The length that RFC 4226 section 4 recommends, in bytes.
const SECRET_LENGTH: usize = 20;
/// RFC 4648 section 6.
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What an app makes its codes from. Shows nothing of itself.
pub(crate) struct TotpSecret([u8; SECRET_LENGTH]);

impl TotpSecret {
    /// The secret made of the first of these random bytes.
    pub fn of_random(bytes: [u8; 32]) -> Self {
        let mut secret = [0; SECRET_LENGTH];
        secret.copy_from_slice(&bytes[..SECRET_LENGTH]);
        Self(secret)
    }

    /// The secret as it was stored.
    pub fn of_stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The secret in groups, for who can't scan the QR code.
    pub fn in_groups(&self) -> String {
        in_groups(&base32(&self.0, ALPHABET), " ")
    }

    /// The address that apps open, and that the QR code holds.
    pub fn link(&self, issuer: &str, account: &str) -> String {
        let escaped =
            |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
        let (issuer, account, secret) = (escaped(issuer), escaped(account), base32(&self.0, ALPHABET));
        format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}\
             &period={PERIOD}"
        )
    }

    /// The time steps whose code this is: the present one and its neighbours are looked at, since clocks differ. All are
    /// compared, each in constant time.
    pub fn fitting_steps(&self, code: &str, now: Timestamp) -> Vec<i64> {
        let present = now.as_second().div_euclid(PERIOD);
        let fits = |step: &i64| bool::from(self.code(*step).as_bytes().ct_eq(code.as_bytes()));
        (present - 1..=present + 1).filter(fits).collect()
    }

    fn code(&self, step: i64) -> String {
        // A key shorter than a block is filled up with zeros (RFC 2104 section 2).
        let mut key = [0; 64];
        key[..SECRET_LENGTH].copy_from_slice(&self.0);
        let mut mac: Hmac<Sha1> = KeyInit::new(&key.into());
        mac.update(&step.to_be_bytes());
        let hash: [u8; 20] = mac.finalize().into_bytes().into();
        let offset = usize::from(hash[19] & 0xf);
        let chosen = hash[offset..offset + 4].iter().fold(0_u32, |value, byte| value << 8 | u32::from(*byte));
        format!("{:06}", (chosen & 0x7fff_ffff) % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> TotpSecret {
        TotpSecret::of_stored(b"12345678901234567890").unwrap()
    }

    /// RFC 6238 appendix B, of whose eight digits these are the last six.
    #[test]
    fn codes_are_those_of_the_standard() {
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret().code(second / PERIOD), code, "{second}");
        }
    }

    #[test]
    fn a_code_fits_one_step_before_and_after_its_own() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let step = 1_234_567_890 / PERIOD;
        for (second, fits) in [(-31, false), (-30, true), (0, true), (29, true), (59, true), (60, false)] {
            let steps = secret().fitting_steps("005924", at(1_234_567_890 + second));
            assert_eq!(steps, if fits { vec![step] } else { vec![] }, "{second}");
        }
        assert!(secret().fitting_steps("", at(1_234_567_890)).is_empty());
    }

    #[test]
    fn the_link_names_issuer_and_account() {
        assert_eq!(
            secret().link("Acme & Sons", "ada@acme.example"),
            "otpauth://totp/Acme%20%26%20Sons:ada%40acme.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Acme%20%26%20Sons&algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(secret().in_groups(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert!(TotpSecret::of_stored(b"short").is_none());
    }
}
