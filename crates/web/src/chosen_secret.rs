//! Client Secrets that a person chose, or that a third party brought along: generated ones need none of this.

use countersign_domain::InvalidValue;

use crate::WebError;
use crate::state::AppState;

/// The shortest that is taken, in characters.
const SHORTEST: usize = 16;
/// The longest, in bytes.
const LONGEST: usize = 200;

/// Whether a chosen Client Secret is acceptable. Like a Client ID, it must survive every client's way of sending it.
pub(crate) fn check(text: &str) -> Result<(), InvalidValue> {
    let is_printable = text.bytes().all(|byte| (0x20..=0x7E).contains(&byte)) && text.trim() == text;
    if text.len() < SHORTEST || text.len() > LONGEST || !is_printable {
        let message = format!("Use {SHORTEST} to {LONGEST} printable ASCII characters, without spaces at the ends");
        return Err(InvalidValue(message.into()));
    }
    if text.starts_with("cs_") {
        return Err(InvalidValue("Choose a Client Secret that does not begin with cs_, or leave it to us".into()));
    }
    Ok(())
}

/// The verifier of a chosen secret. Made before anything is loaded: it takes a while.
pub(crate) async fn verifier(state: &AppState, chosen: Option<&str>) -> Result<Option<String>, WebError> {
    match chosen {
        Some(text) => Ok(Some(state.passwords.hash(text.to_owned()).await?)),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_guessed_or_mangled_is_refused() {
        let (shortest, longest) = ("x".repeat(16), "x".repeat(200));
        for accepted in ["what they use + %41", &shortest, &longest] {
            assert_eq!(check(accepted), Ok(()), "{accepted}");
        }
        let (short, long) = ("x".repeat(15), "x".repeat(201));
        let refused = ["", &short, &long, " what they have used", "what they have used ", "what they\thave used"];
        for refused in refused.into_iter().chain(["what they häve used", "cs_sk_looks_like_ours"]) {
            assert!(check(refused).is_err(), "{refused}");
        }
    }
}
