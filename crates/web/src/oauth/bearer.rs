//! The bearer token of a request (RFC 6750), and the answers to a bad one.

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use countersign_domain::validity::Denial;

/// What a request presents in place of a usable token.
pub(super) const IN_THE_QUERY: &str =
    "Send the token in the Authorization header: what stands in a URL is kept in logs and histories";
const TWICE: &str = "Send one Authorization header";
const UNREADABLE: &str = "Send the token as: Authorization: Bearer and the token";

/// The token in the `Authorization` header; `None` when the request presents none. A token in the query is refused even
/// though RFC 6750 section 2.3 would let it pass, and so is anything that looks like one of ours there.
pub(super) fn presented(request: &HttpRequest) -> Result<Option<&str>, &'static str> {
    let query = url::form_urlencoded::parse(request.query_string().as_bytes());
    if query.into_iter().any(|(name, value)| name == "access_token" || value.starts_with("cs_")) {
        return Err(IN_THE_QUERY);
    }
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let Some(header) = headers.next() else { return Ok(None) };
    if headers.next().is_some() {
        return Err(TWICE);
    }
    let value = header.to_str().map_err(|_| UNREADABLE)?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(None);
    }
    let token = token.trim();
    if token.is_empty() || token.contains(' ') { Err(UNREADABLE) } else { Ok(Some(token)) }
}

/// The challenge to a request without a token (RFC 6750 section 3.1: no error code).
pub(super) fn challenge(issuer: &str) -> String {
    format!("Bearer realm=\"{issuer}\"")
}

/// The challenge to a request that presents a token in a way that is not read.
pub(super) fn challenge_to_malformed(issuer: &str, description: &str) -> String {
    format!("{}, error=\"invalid_request\", error_description=\"{description}\"", challenge(issuer))
}

/// The challenge to a token that gives no access.
pub(super) fn challenge_for(issuer: &str, denial: &Denial) -> String {
    let (realm, code) = (challenge(issuer), code(denial));
    match denial {
        Denial::ScopeMissing { scope } => {
            format!("{realm}, error=\"{code}\", error_description=\"{denial}\", scope=\"{scope}\"")
        }
        _ => format!("{realm}, error=\"{code}\", error_description=\"{denial}\""),
    }
}

/// The error code of a token that gives no access (RFC 6750 section 3.1).
pub(super) fn code(denial: &Denial) -> &'static str {
    match denial {
        Denial::ScopeMissing { .. } => "insufficient_scope",
        _ => "invalid_token",
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn token_of(header: &str) -> Result<Option<String>, &'static str> {
        let request = TestRequest::default().insert_header((AUTHORIZATION, header)).to_http_request();
        presented(&request).map(|token| token.map(str::to_owned))
    }

    #[test]
    fn the_token_is_read_from_the_header_alone() {
        assert_eq!(token_of("Bearer abc"), Ok(Some("abc".into())));
        assert_eq!(token_of("bearer  abc "), Ok(Some("abc".into())));
        assert_eq!(token_of("Basic abc"), Ok(None));
        assert_eq!(token_of("Bearer"), Err(UNREADABLE));
        assert_eq!(token_of("Bearer a b"), Err(UNREADABLE));
        let query = |uri: &str| presented(&TestRequest::with_uri(uri).to_http_request()).map(|_| ());
        assert_eq!(query("/?access_token=abc"), Err(IN_THE_QUERY));
        assert_eq!(query("/?token=cs_mt_x"), Err(IN_THE_QUERY));
        assert_eq!(query("/?scope=read"), Ok(()));
    }

    #[test]
    fn two_headers_are_refused() {
        let request = TestRequest::default()
            .append_header((AUTHORIZATION, "Bearer abc"))
            .append_header((AUTHORIZATION, "Bearer def"))
            .to_http_request();
        assert_eq!(presented(&request), Err(TWICE));
    }

    #[test]
    fn challenges_keep_to_the_characters_of_rfc_6750() {
        let scope = Denial::ScopeMissing { scope: "read".into() };
        assert_eq!(
            challenge_for("https://x/t/acme", &scope),
            "Bearer realm=\"https://x/t/acme\", error=\"insufficient_scope\", error_description=\"The token does not \
             allow this: the scope read is missing\", scope=\"read\""
        );
        let denials = [
            Denial::Mistyped,
            Denial::Foreign,
            Denial::Unknown,
            Denial::WrongCredentials,
            Denial::OrganizationSuspended,
            Denial::ThirdPartyDisabled,
            Denial::ThirdPartyDeleted,
            Denial::ClientInactive,
            Denial::ClientDeleted,
            Denial::TokenInactive,
            Denial::TokenRevoked,
            Denial::AuthorizationRevoked,
            Denial::MemberInactive,
            Denial::Expired { at: jiff::Timestamp::UNIX_EPOCH },
        ];
        for denial in denials {
            let text = denial.to_string();
            assert!(text.bytes().all(|byte| matches!(byte, 0x20 | 0x21 | 0x23..=0x5B | 0x5D..=0x7E)), "{text}");
        }
    }
}
