//! Where to go after signing in. Only addresses of this site, or the sign-in page would lend its trust to any other.

use url::Url;

/// The path and query of a local address; `None` for any other.
///
/// Judged after parsing, as a browser would: it drops tabs and line feeds, reads `\` as `/`, and resolves dots, so that
/// `/\t/evil.example` and `/.//evil.example` would leave the site or come to do so.
pub(super) fn local(address: &str) -> Option<String> {
    const HERE: &str = "http://here.invalid/";
    let here = Url::parse(HERE).ok()?;
    if !address.starts_with('/') {
        return None;
    }
    let there = here.join(address).ok()?;
    if there.origin() != here.origin() || there.path().starts_with("//") {
        return None;
    }
    let query = there.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some(format!("{}{query}", there.path()))
}

/// The sign-in page that leads back to an address.
pub(super) fn sign_in_and_return_to(address: &str) -> String {
    format!("/login?{}", query(address))
}

/// The page that asks for a code and leads back to an address, "" for the default.
pub(super) fn code_and_return_to(address: &str) -> String {
    if address.is_empty() { "/login/code".to_owned() } else { format!("/login/code?{}", query(address)) }
}

fn query(address: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", address).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_addresses_are_kept() {
        assert_eq!(local("/o/acme/audit?q=a%20b&page=2").as_deref(), Some("/o/acme/audit?q=a%20b&page=2"));
        assert_eq!(local("/").as_deref(), Some("/"));
        assert_eq!(sign_in_and_return_to("/o/acme?a=b&c"), "/login?return_to=%2Fo%2Facme%3Fa%3Db%26c");
    }

    #[test]
    fn no_address_leaves_the_site() {
        for address in [
            "",
            "o/acme",
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/.//evil.example",
            "/..//evil.example",
            "/%2e//evil.example",
            "javascript:alert(1)",
            "///evil.example",
            "http:/evil.example",
            " //evil.example",
        ] {
            assert_eq!(local(address), None, "{address:?}");
        }
    }
}
