//! The redirect URI ("Callback URL"): what may be registered.

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
        if !text.is_ascii() {
            return Err(InvalidValue::because(
                "Write the URL in ASCII: the host in its xn-- form, other characters percent-encoded",
            ));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains(NEVER_PLAIN) {
            return Err(InvalidValue::because(
                "Use a plain URL: no spaces, backslashes, wildcards or characters that must be percent-encoded",
            ));
        }
        let url = Url::parse(text)
            .map_err(|_| InvalidValue::because("Enter a full URL like https://partner.example/callback"))?;
        if text.contains('#') {
            return Err(InvalidValue::because("Remove the # and what follows: a Callback URL has no fragment"));
        }
        check_scheme(text, &url)?;
        check_path(text)?;
        check_query(&url)?;
        Ok(Self(text.to_owned()))
    }

    /// Whether a response may go to `presented` because `registered` was: it is the same text, or the same but for the
    /// port where both are on a loopback address (RFC 8252 section 7.3). What could not be registered is never admitted.
    pub fn admits(registered: &str, presented: &str) -> bool {
        let is_plain = Self::parse(presented).is_ok_and(|parsed| parsed.as_str() == presented);
        let without_port = |uri| loopback_without_port(uri);
        is_plain
            && (registered == presented
                || without_port(registered).is_some_and(|known| Some(known) == without_port(presented)))
    }
}

/// The parts of a loopback URI around its port; `None` for any other. A name like localhost may lead elsewhere, so only
/// addresses count.
fn loopback_without_port(uri: &str) -> Option<(String, &str)> {
    let url = Url::parse(uri).ok()?;
    let is_loopback = match url.host()? {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(_) => false,
    };
    let after_scheme = uri.strip_prefix("http://").filter(|_| is_loopback)?;
    let path = after_scheme.find(['/', '?']).map_or("", |start| &after_scheme[start..]);
    Some((url.host_str()?.to_owned(), path))
}

/// What the authorization response adds must not stand there already: the client could not tell the two apart.
fn check_query(url: &Url) -> Result<(), InvalidValue> {
    const OURS: [&str; 5] = ["code", "state", "iss", "error", "error_description"];
    match url.query_pairs().find(|(name, _)| OURS.contains(&name.as_ref())) {
        Some((name, _)) => {
            Err(InvalidValue::because(format!("Remove {name} from the query: the answer brings its own")))
        }
        None => Ok(()),
    }
}

/// What RFC 3986 keeps out of URLs but the URL parser repairs, the apostrophe (browsers encode it in a query), and the
/// wildcard.
const NEVER_PLAIN: [char; 11] = ['\\', '*', '"', '<', '>', '`', '{', '}', '|', '^', '\''];

fn check_scheme(text: &str, url: &Url) -> Result<(), InvalidValue> {
    match url.scheme() {
        "https" => check_authority(text, url),
        "http" if is_loopback(url) => check_authority(text, url),
        "http" => Err(InvalidValue::because("Use https (http is accepted only for 127.0.0.1, [::1] and localhost)")),
        scheme if scheme.split('.').count() > 1 && scheme.split('.').all(|label| !label.is_empty()) => {
            check_private_use(text)
        }
        _ => Err(InvalidValue::because(
            "Use https, http on a loopback address, or a private scheme with a dot like com.example.app:/callback",
        )),
    }
}

/// The host must be written as it will be read. The URL parser makes `127.0.0.1` of `0x7f.1`, `2130706433` and
/// `127.1`, and a host of `https:example` or `https:///example`; a person should see these refused.
fn check_authority(text: &str, url: &Url) -> Result<(), InvalidValue> {
    let invalid = || {
        InvalidValue::because(
            "Write the host right after the scheme and //, in its plain form and without user name or password",
        )
    };
    let authority = authority_as_written(text).ok_or_else(invalid)?;
    let end_of_host = authority.find(']').map_or_else(|| authority.find(':'), |bracket| Some(bracket + 1));
    let (host, port) = authority.split_at(end_of_host.unwrap_or(authority.len()));
    let host_is_plain = url.host_str().is_some_and(|read| read.eq_ignore_ascii_case(host))
        && match url.host() {
            Some(Host::Domain(domain)) => domain.split('.').all(is_label),
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
            None => false,
        };
    let port_is_plain = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    if host_is_plain && port_is_plain { Ok(()) } else { Err(invalid()) }
}

/// Digits alone: what looks like a port in `host:80@host` is a user's password.
fn is_port(digits: &str) -> bool {
    digits.starts_with(|first: char| first != '0') && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// With the underscore, which no host name should have and some inside companies do.
fn is_label(label: &str) -> bool {
    !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn check_private_use(text: &str) -> Result<(), InvalidValue> {
    let after_scheme = text.split_once(':').map_or("", |(_, rest)| rest);
    if after_scheme.is_empty() || after_scheme.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(InvalidValue::because("Begin with https:// (this reads as a host and a port without a scheme)"));
    }
    if text.contains('@') {
        return Err(InvalidValue::because("Remove the user name and the @"));
    }
    Ok(())
}

/// No dot segments, in no spelling: `%2e`, `%2f`, and the `..;` that Java servers take for `..`.
fn check_path(text: &str) -> Result<(), InvalidValue> {
    let encoding = || InvalidValue::because("Correct the percent-encoding in the URL");
    let after_scheme = text.split_once(':').map_or("", |(_, rest)| rest);
    let (path, query) = after_scheme.split_once('?').unwrap_or((after_scheme, ""));
    let path = percent_decoded(path).ok_or_else(encoding)?;
    percent_decoded(query).ok_or_else(encoding)?;
    if path.contains('%') {
        // Something behind a proxy may decode a second time, and then see other segments than were checked here.
        return Err(encoding());
    }
    let mut names = path.split('/').map(|segment| segment.split(';').next().unwrap_or_default());
    if names.any(|name| name == "." || name == "..") {
        return Err(InvalidValue::because("Write the path out: no . or .. segments"));
    }
    Ok(())
}

/// One round of percent-decoding; `None` unless every percent sign begins a part of readable UTF-8.
fn percent_decoded(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            decoded.extend(hex::decode([rest.next()?, rest.next()?]).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    let decoded = String::from_utf8(decoded).ok()?;
    (!decoded.contains(|character: char| character.is_control() || character == '\\')).then_some(decoded)
}

/// What stands between `//` and the path, as it was typed.
fn authority_as_written(text: &str) -> Option<&str> {
    let after_scheme = text.split_once(':')?.1;
    after_scheme.strip_prefix("//")?.split(['/', '?', '#']).next()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(domain)) => domain == "localhost",
        None => false,
    }
}
