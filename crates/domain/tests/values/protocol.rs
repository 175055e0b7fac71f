//! Slugs, scopes and client identifiers.

use std::collections::HashSet;

use countersign_domain::testing::FixedServices;
use countersign_domain::values::{ClientIdentifier, HostName, Scope, Slug};

use crate::support::{accepts, refuses};

#[test]
fn slugs_are_labels() {
    for slug in ["a", "0", "acme", "acme-2", "a--b", "123", &"a".repeat(63)] {
        accepts::<Slug>(slug, slug);
    }
    for slug in [
        "",
        "-",
        "-acme",
        "acme-",
        "Acme",
        "ac me",
        " acme",
        "acme\n",
        "ac_me",
        "ac.me",
        "..",
        "ac/me",
        "ac%2fme",
        "acmé",
        "аcme",
        "acme\0",
        "１２３",
        &"a".repeat(64),
    ] {
        refuses::<Slug>(slug);
    }
}

#[test]
fn scopes_are_tokens_of_rfc_6749() {
    for scope in ["r", "read", "connections:read", "https://api.example/scope", "!#$%&'()*+,-./:;<=>?@[]^_`{|}~"] {
        accepts::<Scope>(scope, scope);
    }
    accepts::<Scope>(&"s".repeat(100), &"s".repeat(100));
    for scope in ["", " ", "read write", " read", "read\n", "re\"ad", "re\\ad", "lire\u{e9}", "re\0ad", "re\u{7F}ad"] {
        refuses::<Scope>(scope);
    }
    refuses::<Scope>(&"s".repeat(101));
}

#[test]
fn exactly_the_characters_of_rfc_6749_make_a_scope() {
    for code in 0..=0x2FF_u32 {
        let character = char::from_u32(code).unwrap();
        let allowed = matches!(code, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
        assert_eq!(character.to_string().parse::<Scope>().is_ok(), allowed, "{character:?}");
    }
}

#[test]
fn client_identifiers_are_visible_ascii_and_spaces() {
    for identifier in ["c", "partner", "Partner 1", "a:b%c&d=e\"f<g>", "https://client.example/", "~", &"c".repeat(200)]
    {
        accepts::<ClientIdentifier>(identifier, identifier);
    }
    accepts::<ClientIdentifier>("  partner\n", "partner");
    for identifier in ["", " ", "par\ntner", "par\ttner", "par\0tner", "partn\u{e9}r", "партнер", "par\u{7F}tner"]
    {
        refuses::<ClientIdentifier>(identifier);
    }
    refuses::<ClientIdentifier>(&"c".repeat(201));
}

#[test]
fn generated_client_identifiers_need_no_encoding_anywhere() {
    let services = FixedServices::at("2026-01-01T00:00:00Z");
    let generated: HashSet<String> = (0..1000).map(|_| ClientIdentifier::generate(&services).to_string()).collect();
    assert_eq!(generated.len(), 1000);
    for identifier in generated {
        assert_eq!(identifier.len(), 30);
        assert!(identifier.starts_with("cs_ci_"));
        assert!(identifier.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'));
        accepts::<ClientIdentifier>(&identifier, &identifier);
    }
}

#[test]
fn host_names_are_full_names() {
    accepts::<HostName>("access.acme.example", "access.acme.example");
    accepts::<HostName>(" Access.ACME.example ", "access.acme.example");
    accepts::<HostName>("acme.localhost", "acme.localhost");
    accepts::<HostName>("xn--bcher-kva.example", "xn--bcher-kva.example");
    for name in [
        "",
        "acme",
        "localhost",
        "acme.example.",
        ".acme.example",
        "acme..example",
        "-acme.example",
        "https://acme.example",
        "acme.example/",
        "acme.example:443",
        "user@acme.example",
        "*.acme.example",
        "ac me.example",
        "ac_me.example",
        "bücher.example",
        "acme．example",
        "acme.example\0",
        "127.0.0.1",
        "127.1",
        "0x7f.0.0.1",
        "1.2.3.4.5",
        "acme.1",
        "[::1]",
        &format!("{}.example", "a".repeat(64)),
        &["a"; 130].join("."),
    ] {
        refuses::<HostName>(name);
    }
}
