//! The redirect URI ("Callback URL"): what may be registered.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::{InvalidValue, text_value};

text_value! {
    /// A redirect URI (RFC 6749 section 3.1.2), kept and compared exactly as it was typed.
    RedirectUri
}

const MAXIMUM: usize = 2000;

impl RedirectUri {
    /// Accepts `https` URLs, `http` URLs of a loopback host (RFC 8252 section 7.3), and private-use schemes that
    /// contain a dot (RFC 8252 section 7.1). Refuses user information, fragments, dot segments, wildcards and
    /// everything that a browser would read differently from what is written.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        if text.len() > MAXIMUM {
            return Err(InvalidValue::because(format!("Use at most {MAXIMUM} characters for the Callback URL")));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains(['\\', '*', '"', '<', '>', '`']) {
            return Err(InvalidValue::because(
                "Use a plain URL: no spaces, backslashes, wildcards or characters that must be percent-encoded",
            ));
        }
        let url = Url::parse(text)
            .map_err(|_| InvalidValue::because("Enter a full URL like https://partner.example/callback"))?;
        if url.fragment().is_some() || text.contains('#') {
            return Err(InvalidValue::because("Remove the # and what follows: a Callback URL has no fragment"));
        }
        Self::check_scheme(text, &url)?;
        Self::check_path(text)?;
        Ok(Self(text.to_owned()))
    }

    fn check_scheme(text: &str, url: &Url) -> Result<(), InvalidValue> {
        match url.scheme() {
            "https" | "http" => {
                let authority = authority_as_written(text);
                if authority.is_none_or(|authority| authority.is_empty() || authority.contains(['@', '%'])) {
                    return Err(InvalidValue::because(
                        "Write the host right after the scheme and //, without user name, password or percent signs",
                    ));
                }
                if url.scheme() == "http" && !is_loopback(url) {
                    return Err(InvalidValue::because(
                        "Use https (http is accepted only for 127.0.0.1, [::1] and localhost)",
                    ));
                }
                Ok(())
            }
            scheme if scheme.contains('.') && !text.contains('@') => Ok(()),
            _ => Err(InvalidValue::because(
                "Use https, http on a loopback address, or a private scheme with a dot like com.example.app:/callback",
            )),
        }
    }

    fn check_path(text: &str) -> Result<(), InvalidValue> {
        let path = text.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
        let decoded = path.replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
        if decoded.split('/').any(|segment| segment == "." || segment == "..") {
            return Err(InvalidValue::because("Write the path out: no . or .. segments"));
        }
        let lower = text.to_ascii_lowercase();
        let well_encoded = lower.match_indices('%').all(|(at, _)| {
            lower.as_bytes().get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        });
        if !well_encoded || ["%00", "%0a", "%0d", "%5c"].iter().any(|trick| lower.contains(trick)) {
            return Err(InvalidValue::because("Correct the percent-encoding in the URL"));
        }
        Ok(())
    }
}

/// What stands between `//` and the path, as it was typed: the URL parser repairs what a person should see refused.
fn authority_as_written(text: &str) -> Option<&str> {
    let after_scheme = text.split_once(':')?.1;
    after_scheme.strip_prefix("//")?.split(['/', '?', '#']).next()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Some(Host::Domain(domain)) => domain == "localhost",
        None => false,
    }
}
