//! What each value type accepts and refuses, and how it keeps what it accepts.

mod mail;
mod protocol;
mod redirect_hosts;
mod redirect_uris;
mod support;
mod text;

use countersign_domain::values::{RedirectUri, ThirdPartyName};

#[test]
fn values_are_written_as_plain_text() {
    let name: ThirdPartyName = "Acme".parse().unwrap();
    assert_eq!(serde_json::to_value(&name).unwrap(), "Acme");
    assert_eq!(name.as_str(), "Acme");
    let uri: RedirectUri = "https://partner.example/callback".parse().unwrap();
    assert_eq!(serde_json::to_value(&uri).unwrap(), uri.as_str());
}
