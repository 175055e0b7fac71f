//! Which Callback URLs may be registered: an authorization code is sent to each of them.

use countersign_domain::values::RedirectUri;

use crate::support;

fn accepts(text: &str) {
    support::accepts::<RedirectUri>(text, text);
}

fn refuses(text: &str) {
    support::refuses::<RedirectUri>(text);
}

#[test]
fn https_urls() {
    for uri in [
        "https://partner.example",
        "https://partner.example/",
        "https://partner.example/callback",
        "https://partner.example:8443/callback",
        "https://partner.example:443/callback",
        "https://sub.domain.partner.example/a/b/c.php",
        "https://partner.example/callback?tenant=1&next=%2Fhome",
        "https://partner.example?tenant=1",
        "https://partner.example/callback?url=https://other.example/../x",
        "https://partner.example/@handle/callback",
        "https://partner.example/a;b=c/callback",
        "https://partner.example/callback/.well-known/x...y/..z",
        "https://partner.example/caf%C3%A9",
        "https://partner.example/a%20b",
        "https://partner.example/a%2Fb",
        "https://partner.example//callback",
        "https://xn--mnchen-3ya.example/callback",
        "https://my_service.internal/callback",
        "https://localhost/callback",
        "https://192.0.2.10/callback",
        "https://[2001:db8::1]:8443/callback",
        "https://[::1]/callback",
        // Scheme and host have no case.
        "HTTPS://Partner.Example/Callback",
    ] {
        accepts(uri);
    }
}

#[test]
fn http_urls_of_this_computer() {
    for uri in [
        "http://127.0.0.1/callback",
        "http://127.0.0.1:8080/callback",
        "http://127.0.0.1",
        "http://127.1.2.3:3000/",
        "http://127.255.255.254/callback",
        "http://[::1]/callback",
        "http://[::1]:8080/callback?a=b",
        "http://localhost/callback",
        "http://localhost:3000/",
        "http://LOCALHOST:3000/",
    ] {
        accepts(uri);
    }
}

#[test]
fn private_use_schemes_with_a_dot() {
    for uri in [
        "com.example.app:/callback",
        "com.example.app:/oauth2redirect/example-provider",
        "com.example.app://callback",
        "com.googleusercontent.apps.123-abc:redirect_uri_path",
        "com.example.app:/callback?a=b",
    ] {
        accepts(uri);
    }
}

#[test]
fn white_space_around_is_not_part_of_it() {
    let uri = RedirectUri::parse("  https://partner.example/callback\r\n").unwrap();
    assert_eq!(uri.as_str(), "https://partner.example/callback");
}

#[test]
fn at_most_2000_characters() {
    let uri = format!("https://partner.example/{}", "a".repeat(2000 - 24));
    assert_eq!(uri.len(), 2000);
    accepts(&uri);
    refuses(&format!("{uri}a"));
}

#[test]
fn nothing_that_runs_or_reads_instead_of_redirecting() {
    for uri in [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "javascript://partner.example/%0aalert(1)",
        "java\tscript:alert(1)",
        "data:text/html,hello",
        "data:text/html;base64,PHNjcmlwdD4=",
        "vbscript:msgbox(1)",
        "file:///etc/passwd",
        "blob:https://partner.example/1",
        "about:blank",
        "view-source:https://partner.example/",
        "ftp://partner.example/callback",
        "ws://partner.example/callback",
        "wss://partner.example/callback",
        "gopher://partner.example/",
        "mailto:name@partner.example",
        "urn:ietf:wg:oauth:2.0:oob",
        "intent://partner.example/callback",
        "chrome-extension://abcdef/callback",
        "myapp:/callback",
        "myapp://callback",
    ] {
        refuses(uri);
    }
}

#[test]
fn nothing_incomplete() {
    for uri in [
        "",
        " ",
        "callback",
        "/callback",
        "//partner.example/callback",
        "partner.example",
        "partner.example/callback",
        "partner.example:8443/callback",
        "www.partner.example:443",
        "localhost:3000/callback",
        "://partner.example",
        "https",
        "https:",
        "https://",
        "https:///",
        "https:partner.example",
        "https:partner.example/callback",
        "https:/partner.example/callback",
        "https:///partner.example/callback",
        "https:////partner.example/callback",
        "https://?a=b",
        "https://:443/callback",
        "com.example.app:",
        "https.://partner.example/",
        ".com:/callback",
        "a..b:/callback",
    ] {
        refuses(uri);
    }
}

#[test]
fn no_fragments() {
    for uri in [
        "https://partner.example/callback#",
        "https://partner.example/callback#fragment",
        "https://partner.example#@evil.example/",
        "https://partner.example/callback?a=b#c",
        "com.example.app:/callback#x",
    ] {
        refuses(uri);
    }
}

#[test]
fn no_dot_segments_in_any_spelling() {
    for uri in [
        "https://partner.example/callback/../admin",
        "https://partner.example/..",
        "https://partner.example/./callback",
        "https://partner.example/callback/.",
        "https://partner.example/callback/..?a=b",
        "https://partner.example/callback/%2e%2e/admin",
        "https://partner.example/callback/%2E%2E/admin",
        "https://partner.example/callback/.%2e/admin",
        "https://partner.example/callback/%2e/admin",
        "https://partner.example/callback/%2e%2e%2fadmin",
        "https://partner.example/callback/..%2fadmin",
        "https://partner.example/callback%2f..%2fadmin",
        "https://partner.example/callback/..%5cadmin",
        "https://partner.example/callback/..;/admin",
        "https://partner.example/callback/..;a=b/admin",
        "https://partner.example/callback/%252e%252e/admin",
        "https://partner.example/callback/..%252fadmin",
        "https://partner.example/callback/%c0%ae%c0%ae/admin",
        "https://partner.example/callback/%u002e%u002e/admin",
        "com.example.app:/callback/../admin",
        "com.example.app:..",
    ] {
        refuses(uri);
    }
}

#[test]
fn no_backslashes() {
    for uri in [
        "https://partner.example\\@evil.example/",
        "https:\\\\partner.example\\callback",
        "https://partner.example\\callback",
        "https://partner.example/callback\\..\\admin",
        "https://partner.example%5c@evil.example/",
        "https://partner.example/%5cevil.example",
        "https://partner.example/%5Cevil.example",
        "https://partner.example/callback?x=%5c",
        "http://localhost\\.evil.example/",
    ] {
        refuses(uri);
    }
}

#[test]
fn no_white_space_or_control_characters() {
    for uri in [
        "https://partner.example/call back",
        "https://partner.example/call\tback",
        "https://partner.example/call\nback",
        "https://partner.example/callback\r\nSet-Cookie: a=b",
        "https://part\tner.example/callback",
        "ht\ntps://partner.example/callback",
        "https://partner.example /callback",
        "https://partner.example/\0",
        "https://partner.example/%00",
        "https://partner.example/%0a",
        "https://partner.example/%0D%0ASet-Cookie:a=b",
        "https://partner.example/?a=%0d%0a",
        "https://partner.example/%09",
        "https://partner.example/%7f",
        "https://partner.example/%C2%85",
        "\u{1}https://partner.example/callback",
        "\u{FEFF}https://partner.example/callback",
    ] {
        refuses(uri);
    }
}

#[test]
fn no_wildcards_and_nothing_that_a_browser_would_encode() {
    for uri in [
        "https://*.partner.example/callback",
        "https://*/callback",
        "https://partner.example/*",
        "https://partner.example/callback?*",
        "https://partner.example/\"onclick=",
        "https://partner.example/<script>",
        "https://partner.example/`",
        "https://partner.example/{id}",
        "https://partner.example/a|b",
        "https://partner.example/a^b",
        "https://partner.example/callback?a='b'",
        "https://partner.example/é",
        "https://partner.example/\u{202E}",
        "https://partner.example/%",
        "https://partner.example/%2",
        "https://partner.example/%zz",
        "https://partner.example/%e",
        "https://partner.example/?a=%",
        "https://partner.example/%+1",
        "https://partner.example/%FF",
        "https://partner.example/%C3",
    ] {
        refuses(uri);
    }
}
