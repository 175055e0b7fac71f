//! To which host a Callback URL leads: the one that a person reads in it.

use countersign_domain::values::RedirectUri;
use proptest::prelude::*;
use url::{Host, Url};

use crate::support;

fn accepts(text: &str) {
    support::accepts::<RedirectUri>(text, text);
}

fn refuses(text: &str) {
    support::refuses::<RedirectUri>(text);
}

#[test]
fn no_user_information() {
    for uri in [
        "https://user@partner.example/callback",
        "https://user:password@partner.example/callback",
        "https://@partner.example/callback",
        "https://:@partner.example/callback",
        "https://partner.example@evil.example/callback",
        "https://partner.example:443@evil.example/callback",
        "https://partner.example%40evil.example/callback",
        "https://partner.example&@evil.example/callback",
        "http://127.0.0.1@evil.example/callback",
        "http://localhost:80@evil.example/",
        "https://partner.example:443@partner.example/callback",
        "http://127.0.0.1:80@127.0.0.1",
        "com.example.app://user@callback",
    ] {
        refuses(uri);
    }
}

#[test]
fn no_http_to_another_computer() {
    for uri in [
        "http://partner.example/callback",
        "HTTP://partner.example/callback",
        "http://127.0.0.1.evil.example/",
        "http://localhost.evil.example/",
        "http://evil.example/127.0.0.1",
        "http://evil.example/?localhost",
        "http://localhost./callback",
        "http://notlocalhost/callback",
        "http://localhost.localdomain/",
        "http://app.localhost/",
        "http://0.0.0.0/",
        "http://0/",
        "http://128.0.0.1/",
        "http://126.255.255.255/",
        "http://10.0.0.1/",
        "http://192.168.0.1/",
        "http://169.254.169.254/",
        "http://[::]/",
        "http://[2001:db8::1]/",
        "http://[fe80::1]/",
        "http://[::ffff:10.0.0.1]/",
    ] {
        refuses(uri);
    }
}

#[test]
fn loopback_is_written_plainly() {
    for uri in [
        "http://0x7f.1/",
        "http://0x7f000001/",
        "http://0x7F.0x0.0x0.0x1/",
        "http://2130706433/",
        "http://017700000001/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.1/",
        "http://127.0.0.01/",
        "http://127.000.000.001/",
        "http://127.0.0.1./",
        "http://%31%32%37.0.0.1/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[0000::0001]/",
        "http://[::0001]/",
        "http://[::0.0.0.1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::1%25lo]/",
        "http://::1/",
        "http://loc%61lhost/",
        "http://ｌocalhost/",
        "http://127。0。0。1/",
    ] {
        refuses(uri);
    }
}

#[test]
fn hosts_are_written_as_they_are_read() {
    for uri in [
        "https://3221225994/callback",
        "https://0xC0.0.2.10/callback",
        "https://192.0.522/callback",
        "https://192.0.2.010/callback",
        "https://192.0.2.10./callback",
        "https://192.0.2.256/callback",
        "https://1.2.3.4.5/callback",
        "https://[2001:DB8:0:0:0:0:0:1]/callback",
        "https://[2001:db8::1/callback",
        "https://[::1]evil.example/callback",
        "https://münchen.example/callback",
        "https://раypal.example/callback",
        "https://ｐartner.example/callback",
        "https://xn--a/callback",
        "https://par%74ner.example/callback",
        "https://partner%2eexample/callback",
        "https://partner.example%2f.evil.example/callback",
        "https://partner.example./callback",
        "https://.partner.example/callback",
        "https://partner..example/callback",
        "https://partner.example,evil.example/callback",
        "https://partner.example;evil.example/callback",
        "https://partner.example'/callback",
        "https://partner.example$/callback",
        "https://partner.example&evil.example/callback",
        "https://par\u{AD}tner.example/callback",
        "https://par\u{200D}tner.example/callback",
    ] {
        refuses(uri);
    }
}

#[test]
fn ports_are_written_plainly() {
    for uri in [
        "https://partner.example:/callback",
        "https://partner.example:0/callback",
        "https://partner.example:0443/callback",
        "https://partner.example:65536/callback",
        "https://partner.example:99999/callback",
        "https://partner.example:-1/callback",
        "https://partner.example:+443/callback",
        "https://partner.example:https/callback",
        "https://partner.example:443:443/callback",
        "http://127.0.0.1:/callback",
        "http://[::1]:/callback",
        "http://[::1]8080/callback",
    ] {
        refuses(uri);
    }
    accepts("https://partner.example:65535/callback");
    accepts("https://partner.example:1/callback");
}

/// Pieces of which dangerous URLs are made.
fn hostile_piece() -> impl Strategy<Value = String> {
    let pieces = [
        "https:",
        "http:",
        "HTTPS:",
        "javascript:",
        "com.example.app:",
        "//",
        "/",
        "\\",
        "@",
        ":",
        "?",
        "#",
        "%",
        "..",
        "%2e",
        "%2f",
        "%5c",
        "%00",
        "%25",
        ";",
        "localhost",
        "127.0.0.1",
        "0x7f.1",
        "2130706433",
        "[::1]",
        "[",
        "]",
        "partner.example",
        "evil.example",
        ".",
        "*",
        "\t",
        "\n",
        " ",
        "é",
        "。",
        ":80",
        ":0",
        "callback",
    ];
    prop_oneof![
        9 => proptest::sample::select(pieces.to_vec()).prop_map(ToOwned::to_owned),
        1 => any::<char>().prop_map(String::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// Whatever is accepted reads the same for a person and for a browser.
    #[test]
    fn what_is_accepted_is_what_it_looks_like(
        start in proptest::sample::select(vec!["", "https://", "http://", "https://partner.example", "http://127.0.0.1"]),
        pieces in proptest::collection::vec(hostile_piece(), 0..8),
    ) {
        let text = start.to_owned() + &pieces.concat();
        let Ok(uri) = RedirectUri::parse(&text) else { return Ok(()) };
        let text = uri.as_str();
        let url = Url::parse(text).unwrap();
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
        prop_assert!(url.fragment().is_none() && url.username().is_empty() && url.password().is_none());
        match url.scheme() {
            "https" | "http" => {
                // Apart from case, the default port and a missing path, nothing was repaired.
                let normal = text.to_ascii_lowercase();
                let host = url.host_str().unwrap();
                let scheme_and_host = format!("{}://{host}", url.scheme());
                prop_assert!(normal.starts_with(&scheme_and_host), "{}", text);
                prop_assert!(matches!(normal[scheme_and_host.len()..].chars().next(), None | Some('/' | ':' | '?')));
                prop_assert!(text.ends_with(url.query().unwrap_or_default()));
                prop_assert!(url.path() == "/" || text.contains(url.path()), "{}", text);
                if url.scheme() == "http" {
                    prop_assert!(match url.host().unwrap() {
                        Host::Domain(domain) => domain == "localhost",
                        Host::Ipv4(address) => address.is_loopback(),
                        Host::Ipv6(address) => address.is_loopback(),
                    }, "{}", text);
                }
            }
            scheme => prop_assert!(scheme.contains('.'), "{}", text),
        }
    }

    #[test]
    fn nothing_that_is_typed_makes_it_panic(text in any::<String>()) {
        let _ = RedirectUri::parse(&text);
        let with_scheme = format!("https://{text}");
        let _ = RedirectUri::parse(&with_scheme);
    }
}
