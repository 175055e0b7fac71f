//! OAuth clients.

pub(super) mod add;
pub(super) mod add_secret;
pub(super) mod change;
pub(super) mod delete;
pub(super) mod get;
pub(super) mod list;
pub(super) mod remove_secret;
pub(super) mod view;

use countersign_domain::values::{RedirectUri, Scope};
use countersign_domain::{GrantType, InvalidValue};

use super::query::Check;
use crate::WebError;
use crate::state::AppState;

/// The shortest Client Secret that a person may choose, in characters.
const SHORTEST_SECRET: usize = 16;
/// The longest, in bytes.
const LONGEST_SECRET: usize = 200;

fn grant_type(text: &str) -> Result<GrantType, InvalidValue> {
    GrantType::ALL
        .into_iter()
        .find(|grant| grant.as_str() == text)
        .ok_or(InvalidValue("Choose from authorization_code, client_credentials, refresh_token".into()))
}

/// Parses every value of a list; one that isn't acceptable is noted under the list's name.
fn each<T>(
    check: &mut Check,
    field: &str,
    texts: &[String],
    parse: impl Fn(&str) -> Result<T, InvalidValue>,
) -> Vec<T> {
    texts.iter().filter_map(|text| check.parse(field, text, &parse)).collect()
}

fn redirect_uris(check: &mut Check, texts: &[String]) -> Vec<RedirectUri> {
    each(check, "redirect_uris", texts, RedirectUri::parse)
}

fn scopes(check: &mut Check, texts: &[String]) -> Vec<Scope> {
    each(check, "scopes", texts, Scope::parse)
}

/// A Client Secret that a person chose. Like a Client ID, it must survive every client's way of sending it.
fn chosen_secret(text: &str) -> Result<(), InvalidValue> {
    let is_printable = text.bytes().all(|byte| (0x20..=0x7E).contains(&byte)) && text.trim() == text;
    if text.len() < SHORTEST_SECRET || text.len() > LONGEST_SECRET || !is_printable {
        let message = format!("Use {SHORTEST_SECRET} to {LONGEST_SECRET} printable ASCII characters");
        return Err(InvalidValue(message.into()));
    }
    if text.starts_with("cs_") {
        return Err(InvalidValue("Choose a Client Secret that does not begin with cs_, or leave it to us".into()));
    }
    Ok(())
}

/// The verifier of a chosen secret. Made before anything is loaded: it takes a while.
async fn verifier(state: &AppState, chosen: Option<&str>) -> Result<Option<String>, WebError> {
    match chosen {
        Some(text) => Ok(Some(state.passwords.hash(text.to_owned()).await?)),
        None => Ok(None),
    }
}
