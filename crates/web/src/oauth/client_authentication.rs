//! Who the client of a request is (RFC 6749 section 2.3.1): the one place where client credentials are verified.
//!
//! Nobody learns by trying which clients exist: an unknown one costs the same work and gets the same answer as a wrong
//! secret.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_domain::client::{AuthenticationFailure, SecretProof};
use countersign_domain::validity::Standing;
use countersign_domain::values::ClientIdentifier;
use countersign_domain::{ParsedSecret, SecretId, SecretKind, VerifierId, secret};
use countersign_persistence::directory::{ClientEntry, OrganizationEntry};
use countersign_persistence::{StoreError, clock, verifiers};
use jiff::Timestamp;
use subtle::ConstantTimeEq;

use super::OAuthError;
use super::parameters::Parameters;
use crate::failed_attempts::Failure;
use crate::state::AppState;

const NO_CREDENTIALS: &str = "Authenticate with the Client ID and Client Secret";
const WRONG: &str = "The Client ID or the Client Secret is wrong";
const EXPIRED: &str = "The Client Secret has expired";
const NOT_ACTIVE: &str = "The client is not Active";
const NOT_ENABLED: &str = "The client's third party is not Enabled";
const BOTH_WAYS: &str = "Send the client credentials either in the Authorization header or in the body, not both";
const UNREADABLE: &str = "The Authorization header holds no readable Basic credentials";
const OTHER_CLIENT: &str = "client_id in the body is another than in the Authorization header";

/// A Client ID and what was presented as its secret.
#[derive(Debug, PartialEq, Eq)]
struct Credentials<'a> {
    identifier: Cow<'a, str>,
    secret: Option<Cow<'a, str>>,
}

/// How a presented secret compares with a client's own.
enum Comparison {
    Right,
    Expired,
    Wrong,
}

/// Which clients an endpoint serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// Those that prove who they are.
    Confidential,
    /// Those too that only say who they are (RFC 6749 section 2.1): method `none`.
    ConfidentialAndPublic,
}

/// Authenticates the client of a request: an active client of the organization, whose third party, if it has one, is
/// Enabled.
pub(crate) async fn authenticate(
    state: &AppState,
    organization: &OrganizationEntry,
    request: &HttpRequest,
    parameters: &Parameters,
    accepted: Accepted,
) -> Result<Arc<ClientEntry>, OAuthError> {
    let refuse = |description| OAuthError::InvalidClient { issuer: state.issuer(&organization.slug), description };
    let header = request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
    let readings = presented(header, parameters)?;
    if readings.is_empty() {
        return Err(refuse(NO_CREDENTIALS));
    }
    let fail = |client: Option<&ClientEntry>, cause, description| {
        if let Some(client) = client {
            state.failed_attempts.count(organization.id, Failure::Client(client.id, cause));
        }
        refuse(description)
    };
    // The two readings of a header are one attempt, so they fail once.
    let mut failure = (None, AuthenticationFailure::WrongSecret, WRONG);
    let mut candidates = Vec::with_capacity(readings.len());
    for credentials in &readings {
        let client = look_up(state, organization, &credentials.identifier).await?;
        let is_remembered = is_remembered(state, client.as_deref(), credentials.secret.as_deref());
        candidates.push((is_remembered, client, credentials.secret.as_deref()));
    }
    // The one that was verified a moment ago costs nothing, so no verification is paid for the other.
    candidates.sort_by_key(|(is_remembered, ..)| !is_remembered);
    for (_, client, presented) in candidates {
        let Some(presented) = presented else {
            if accepted == Accepted::ConfidentialAndPublic
                && let Some(client) = client.as_ref().filter(|client| client.is_public)
            {
                return allowed(state, organization, client)
                    .await?
                    .map_err(|description| fail(Some(client), AuthenticationFailure::NotActive, description));
            }
            if failure.0.is_none() {
                failure = (client, AuthenticationFailure::MissingSecret, NO_CREDENTIALS);
            }
            continue;
        };
        match compare(state, organization, client.as_deref(), presented).await? {
            Comparison::Right => {
                let client = client.ok_or_else(|| refuse(WRONG))?;
                return allowed(state, organization, &client)
                    .await?
                    .map_err(|description| fail(Some(&client), AuthenticationFailure::NotActive, description));
            }
            Comparison::Expired => failure = (client, AuthenticationFailure::ExpiredSecret, EXPIRED),
            Comparison::Wrong if failure.0.is_none() => failure.0 = client,
            Comparison::Wrong => {}
        }
    }
    let (client, cause, description) = failure;
    Err(fail(client.as_deref(), cause, description))
}

/// The credentials as they may be meant; none when the request presents none.
///
/// RFC 6749 has both halves of Basic credentials form-encoded. Many clients send them as they are, so both readings are
/// tried where they differ.
fn presented<'a>(header: Option<&str>, parameters: &'a Parameters) -> Result<Vec<Credentials<'a>>, OAuthError> {
    let in_body = parameters.get("client_id").map(|identifier| Credentials {
        identifier: Cow::Borrowed(identifier),
        secret: parameters.get("client_secret").map(Cow::Borrowed),
    });
    let basic = header.and_then(|value| {
        let (scheme, encoded) = value.split_once(' ').unwrap_or((value, ""));
        scheme.eq_ignore_ascii_case("basic").then_some(encoded)
    });
    let Some(encoded) = basic else { return Ok(in_body.into_iter().collect()) };
    if parameters.get("client_secret").is_some() {
        return Err(OAuthError::invalid_request(BOTH_WAYS));
    }
    let unreadable = || OAuthError::invalid_request(UNREADABLE);
    let decoded = STANDARD.decode(encoded.trim()).map_err(|_| unreadable())?;
    let decoded = String::from_utf8(decoded).map_err(|_| unreadable())?;
    let (identifier, secret) = decoded.split_once(':').ok_or_else(unreadable)?;
    let as_sent = Credentials {
        identifier: Cow::Owned(identifier.to_owned()),
        secret: Some(secret).filter(|secret| !secret.is_empty()).map(|secret| Cow::Owned(secret.to_owned())),
    };
    let form_decoded = Credentials {
        identifier: Cow::Owned(form_decode(&as_sent.identifier)),
        secret: as_sent.secret.as_deref().map(|secret| Cow::Owned(form_decode(secret))),
    };
    let readings = if form_decoded == as_sent { vec![as_sent] } else { vec![form_decoded, as_sent] };
    match in_body {
        Some(body) if readings.iter().all(|reading| reading.identifier != body.identifier) => {
            Err(OAuthError::invalid_request(OTHER_CLIENT))
        }
        _ => Ok(readings),
    }
}

/// One value decoded as `application/x-www-form-urlencoded` (RFC 6749 appendix B).
fn form_decode(value: &str) -> String {
    // The separators of a form have no meaning within one value.
    let one_value = value.replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(one_value.as_bytes()).map(|(name, _)| name.into_owned()).next().unwrap_or_default()
}

/// The client that is known by a `client_id`.
pub(super) async fn look_up(
    state: &AppState,
    organization: &OrganizationEntry,
    identifier: &str,
) -> Result<Option<Arc<ClientEntry>>, StoreError> {
    // What can't be a Client ID is not looked up: the database refuses some texts that a body can hold.
    match ClientIdentifier::parse(identifier) {
        Ok(parsed) if parsed.as_str() == identifier => {
            state.store.directory().client_by_identifier(organization.id, identifier).await
        }
        _ => Ok(None),
    }
}

async fn compare(
    state: &AppState,
    organization: &OrganizationEntry,
    client: Option<&ClientEntry>,
    presented: &str,
) -> Result<Comparison, OAuthError> {
    let now = clock::now();
    match secret::parse(presented) {
        Ok(ParsedSecret { kind: SecretKind::ClientSecret, digest }) => Ok(compare_generated(client, &digest.0, now)),
        _ => compare_chosen(state, organization, client, presented, now).await,
    }
}

/// Generated secrets have full entropy: their digests say all, compared in constant time.
fn compare_generated(client: Option<&ClientEntry>, digest: &[u8; 32], now: Timestamp) -> Comparison {
    let mut outcome = Comparison::Wrong;
    for stored in client.into_iter().flat_map(|client| &client.secrets) {
        let SecretProof::Generated { digest: own, .. } = &stored.proof else { continue };
        if bool::from(own.0.ct_eq(digest)) {
            outcome = if is_expired(stored.expires_at, now) { Comparison::Expired } else { Comparison::Right };
        }
    }
    outcome
}

/// Chosen secrets are verified slowly, unless they were a moment ago. At least one verification is paid for, also where
/// there is nothing to verify. Expired ones don't count.
async fn compare_chosen(
    state: &AppState,
    organization: &OrganizationEntry,
    client: Option<&ClientEntry>,
    presented: &str,
    now: Timestamp,
) -> Result<Comparison, OAuthError> {
    let chosen = chosen_secrets(client, now).collect::<Vec<_>>();
    if chosen.iter().any(|(secret, _)| state.verified_secrets.knows(*secret, presented)) {
        return Ok(Comparison::Right);
    }
    if chosen.is_empty() {
        state.passwords.verify(presented.to_owned(), None).await?;
    }
    for (secret, verifier) in chosen {
        let phc = verifiers::get(&state.store, organization.id, verifier).await?;
        if state.passwords.verify(presented.to_owned(), phc).await? {
            state.verified_secrets.remember(secret, presented);
            return Ok(Comparison::Right);
        }
    }
    Ok(Comparison::Wrong)
}

/// The secrets of a client that a person chose and that have not expired, with their verifiers.
fn chosen_secrets(client: Option<&ClientEntry>, now: Timestamp) -> impl Iterator<Item = (SecretId, VerifierId)> {
    let secrets = client.into_iter().flat_map(|client| &client.secrets);
    secrets.filter(move |stored| !is_expired(stored.expires_at, now)).filter_map(|stored| match stored.proof {
        SecretProof::Chosen { verifier } => Some((stored.secret, verifier)),
        SecretProof::Generated { .. } => None,
    })
}

/// Whether this was found to be a secret of the client within the last minutes.
fn is_remembered(state: &AppState, client: Option<&ClientEntry>, presented: Option<&str>) -> bool {
    let Some(presented) = presented else { return false };
    chosen_secrets(client, clock::now()).any(|(secret, _)| state.verified_secrets.knows(secret, presented))
}

fn is_expired(expires_at: Option<Timestamp>, now: Timestamp) -> bool {
    expires_at.is_some_and(|at| at <= now)
}

/// The client if it may take part, or why it may not although it is known who it is.
async fn allowed(
    state: &AppState,
    organization: &OrganizationEntry,
    client: &Arc<ClientEntry>,
) -> Result<Result<Arc<ClientEntry>, &'static str>, StoreError> {
    if client.standing != Standing::On {
        return Ok(Err(NOT_ACTIVE));
    }
    let Some(id) = client.third_party else { return Ok(Ok(Arc::clone(client))) };
    let third_party = state.store.directory().third_party(organization.id, id).await?;
    let enabled = third_party.is_some_and(|third_party| third_party.standing == Standing::On);
    Ok(if enabled { Ok(Arc::clone(client)) } else { Err(NOT_ENABLED) })
}
