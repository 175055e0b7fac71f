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
