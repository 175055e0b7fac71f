//! Recovery codes: each signs in once instead of a code of the app.

use countersign_domain::Digest;
use countersign_persistence::clock;

use super::{base32, in_groups};

/// How many are given out at once.
const COUNT: usize = 10;
/// 80 bits: too many to guess, so that a plain digest hides them.
const BYTES: usize = 10;
const LENGTH: usize = 16;
/// Without letters that look like digits or each other.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// New codes, to be shown once, and what is kept of them.
pub(crate) fn generate() -> (Vec<String>, Vec<Digest>) {
    let code = |_| {
        let mut random = [0; BYTES];
        clock::fill_random(&mut random);
        let code = base32(&random, ALPHABET);
        (in_groups(&code, "-"), Digest::of(&code))
    };
    (0..COUNT).map(code).unzip()
}

/// What is kept of a code that was typed without its spaces and hyphens; `None` for what can't be one.
pub(crate) fn digest(typed: &str) -> Option<Digest> {
    let meant = typed.to_ascii_uppercase().replace('O', "0").replace(['I', 'L'], "1");
    let is_code = meant.len() == LENGTH && meant.bytes().all(|byte| ALPHABET.contains(&byte));
    is_code.then(|| Digest::of(&meant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_recognized_as_shown_and_as_misread() {
        let (shown, digests) = generate();
        assert_eq!((shown.len(), digests.len()), (COUNT, COUNT));
        for (code, kept) in shown.iter().zip(&digests) {
            assert_eq!(code.split('-').map(str::len).collect::<Vec<_>>(), [4; 4]);
            let bare = code.replace('-', "");
            for typed in [bare.clone(), bare.to_lowercase(), bare.replace('0', "o").replace('1', "l")] {
                assert_eq!(digest(&typed), Some(*kept), "{typed}");
            }
        }
        assert_eq!(digest("U123456789ABCDEF"), None);
    }
}
