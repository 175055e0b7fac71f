//! The authorization request (RFC 6749 section 4.1.1, RFC 7636 section 4.3): what is asked, by whom, and where the
//! answer may go.

use std::sync::Arc;

use countersign_domain::GrantType;
use countersign_domain::validity::Standing;
use countersign_domain::values::RedirectUri;
use countersign_persistence::directory::{ClientEntry, ThirdPartyEntry};

use super::response::{RedirectError, ResponseTarget};
use crate::WebError;
use crate::form::Fields;
use crate::oauth::client_authentication::look_up;
use crate::oauth::parameters::redirect_uri;
use crate::oauth::token::granted_scopes;
use crate::state::AppState;
use crate::tenant::Tenant;

/// A request that can be put before a member.
pub(crate) struct AuthorizationRequest {
    pub client: Arc<ClientEntry>,
    pub third_party: Option<Arc<ThirdPartyEntry>>,
    pub scopes: Vec<String>,
    pub target: ResponseTarget,
    pub redirect_uri_was_sent: bool,
    pub code_challenge: Option<String>,
    /// `prompt=none`: answer without a page, or not at all.
    pub is_silent: bool,
    /// `prompt=consent`: ask again.
    pub asks_for_consent: bool,
}

impl AuthorizationRequest {
    /// Whether nobody but the client can receive the answer. Any program on the same machine can claim a loopback port
    /// or a scheme, so there the member is asked each time (RFC 8252 section 8.6).
    pub fn knows_its_receiver(&self) -> bool {
        !self.client.is_public || self.target.redirect_uri().starts_with("https:")
    }
}

/// Why a request can't be put before a member.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It is not known where to send the answer, so the person is told.
    Page(WebError),
    /// The client is told, at an address that is its own.
    Redirect(ResponseTarget, RedirectError),
}

impl From<WebError> for Refusal {
    fn from(error: WebError) -> Self {
        Self::Page(error)
    }
}

const RESPONSE_TYPE_MISSING: &str = "The parameter response_type is missing: send response_type=code";
const ONLY_CODE: &str = "Only response_type=code is served";
const ONLY_QUERY: &str = "Only response_mode=query is served";
const REPEATED: &str = "Send each parameter once";
const CHALLENGE_MISSING: &str = "code_challenge is missing: the client must use PKCE (RFC 7636) with S256";
const ONLY_S256: &str = "Only code_challenge_method=S256 is served";
const CHALLENGE_MALFORMED: &str =
    "code_challenge is not the base64url of a SHA-256 digest: 43 characters without padding";
const METHOD_ALONE: &str = "code_challenge_method was sent without a code_challenge";
const NOT_FOR_THIS_GRANT: &str = "The client may not use the authorization code grant";

/// Reads the request; the first half decides whether the redirect URI can be trusted, and nothing is sent there before.
pub(super) async fn read(
    state: &AppState,
    tenant: &Tenant,
    parameters: &Fields,
) -> Result<AuthorizationRequest, Refusal> {
    if tenant.suspended {
        return Err(WebError::Suspended.into());
    }
    let page = |message: &'static str| Refusal::Page(WebError::AuthorizationRequest(message));
    for name in ["client_id", "redirect_uri", "redirect_url"] {
        if parameters.count(name) > 1 {
            return Err(page("A parameter of the address that leads here stands there twice"));
        }
    }
    let get = |name| Some(parameters.get(name)).filter(|value| !value.is_empty());
    let identifier = get("client_id").ok_or_else(|| page("The address that leads here names no client (client_id)"))?;
    let client = look_up(state, tenant, identifier).await.map_err(WebError::from)?;
    let client =
        client.ok_or_else(|| page("The client is not known here: its Client ID (client_id) may be mistyped"))?;
    let third_party = match client.third_party {
        Some(id) => state.store.directory().third_party(tenant.id, id).await.map_err(WebError::from)?,
        None => None,
    };
    if client.standing != Standing::On {
        return Err(page("The client is not Active: an admin of the organization can switch it on"));
    }
    if client.third_party.is_some() && third_party.as_ref().is_none_or(|entry| entry.standing != Standing::On) {
        return Err(page("The client's third party is not Enabled: an admin of the organization can enable it"));
    }
    let sent = redirect_uri(get("redirect_uri"), get("redirect_url"))
        .map_err(|_| page("redirect_uri and redirect_url differ in the address that leads here"))?;
    let uri = match (sent, client.redirect_uris.as_slice()) {
        (Some(sent), registered) if registered.iter().any(|uri| RedirectUri::admits(uri, sent)) => sent,
        (Some(_), _) => {
            return Err(page("The redirect URI of the request is not one of the client's Callback URLs"));
        }
        (None, [only]) => only,
        (None, _) => return Err(page("The address that leads here names no redirect URI (redirect_uri)")),
    };
    let target = ResponseTarget::new(uri, tenant.issuer(state), parameters.get("state"));
    match check(&client, parameters) {
        Ok((scopes, code_challenge)) => Ok(AuthorizationRequest {
            scopes,
            code_challenge,
            redirect_uri_was_sent: sent.is_some(),
            is_silent: parameters.get("prompt") == "none",
            asks_for_consent: parameters.get("prompt").split(' ').any(|prompt| prompt == "consent"),
            target,
            client,
            third_party,
        }),
        Err(error) => Err(Refusal::Redirect(target, error)),
    }
}

/// What the client is told of itself, once it is known that it is told to itself: its scopes and its challenge.
fn check(client: &ClientEntry, parameters: &Fields) -> Result<(Vec<String>, Option<String>), RedirectError> {
    let get = |name| Some(parameters.get(name)).filter(|value| !value.is_empty());
    if parameters.has_repeated() {
        return Err(RedirectError::invalid_request(REPEATED));
    }
    match get("response_type") {
        Some("code") => {}
        Some(_) => return Err(RedirectError { code: "unsupported_response_type", description: ONLY_CODE.into() }),
        None => return Err(RedirectError::invalid_request(RESPONSE_TYPE_MISSING)),
    }
    if get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(RedirectError::invalid_request(ONLY_QUERY));
    }
    for (name, code) in [("request", "request_not_supported"), ("request_uri", "request_uri_not_supported")] {
        if get(name).is_some() {
            return Err(RedirectError { code, description: "Send the parameters themselves".into() });
        }
    }
    if !client.settings.grant_types.contains(&GrantType::AuthorizationCode) {
        return Err(RedirectError { code: "unauthorized_client", description: NOT_FOR_THIS_GRANT.into() });
    }
    let scopes = granted_scopes(&client.settings.scopes, get("scope")).map_err(|error| RedirectError::from(&error))?;
    Ok((scopes, code_challenge(client.settings.pkce_required, get("code_challenge"), get("code_challenge_method"))?))
}

/// S256 alone: `plain`, which is what leaving the method out means (RFC 7636 section 4.3), protects nobody who can read
/// the request.
fn code_challenge(
    is_required: bool,
    challenge: Option<&str>,
    method: Option<&str>,
) -> Result<Option<String>, RedirectError> {
    let refuse = |description| Err(RedirectError::invalid_request(description));
    match (challenge, method) {
        (None, None) if is_required => refuse(CHALLENGE_MISSING),
        (None, None) => Ok(None),
        (None, Some(_)) => refuse(METHOD_ALONE),
        (Some(_), method) if method != Some("S256") => refuse(ONLY_S256),
        (Some(challenge), _) => {
            let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            if challenge.len() == 43 && challenge.bytes().all(is_base64url) {
                Ok(Some(challenge.to_owned()))
            } else {
                refuse(CHALLENGE_MALFORMED)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn only_s256_is_taken_in_its_one_spelling() {
        assert_eq!(code_challenge(true, Some(CHALLENGE), Some("S256")).unwrap().as_deref(), Some(CHALLENGE));
        assert_eq!(code_challenge(false, None, None).unwrap(), None);
        let refused = [
            (None, None),
            (None, Some("S256")),
            (Some(CHALLENGE), None),
            (Some(CHALLENGE), Some("plain")),
            (Some(CHALLENGE), Some("s256")),
            (Some(CHALLENGE), Some("S256 ")),
            (Some(CHALLENGE), Some("S512")),
            (Some("too-short"), Some("S256")),
            (Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"), Some("S256")),
            (Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM="), Some("S256")),
        ];
        for (challenge, method) in refused {
            assert!(code_challenge(true, challenge, method).is_err(), "{challenge:?} {method:?}");
        }
        // A method without a challenge, or a weaker one, is refused of legacy clients too.
        for (challenge, method) in &refused[1..] {
            assert!(code_challenge(false, *challenge, *method).is_err(), "{challenge:?} {method:?}");
        }
    }
}
