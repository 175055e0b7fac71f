//! Who the client of a request is (RFC 6749 section 2.3): the one place where clients are authenticated.
//!
//! A method is one module with one entry in [`METHODS`]. Nobody learns by trying which clients exist: an unknown one
//! costs the same work and gets the same answer as a wrong secret, and is held back after as many failures.

mod client_secret_basic;
mod client_secret_post;
mod none;
mod secrets;
mod throttle;

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use countersign_domain::client::AuthenticationFailure;
use countersign_domain::validity::Standing;
use countersign_domain::values::ClientIdentifier;
use countersign_persistence::StoreError;
use countersign_persistence::directory::{ClientEntry, OrganizationEntry};

pub(crate) use self::throttle::ClientFailures;

use self::client_secret_basic::Basic;
use self::secrets::is_remembered;
use self::throttle::Allowance;
use super::OAuthError;
use super::parameters::Parameters;
use crate::failed_attempts::Failure;
use crate::middleware::network;
use crate::state::AppState;
use crate::tenant::Tenant;

const NO_CREDENTIALS: &str = "Authenticate with the Client ID and Client Secret";
const WRONG: &str = "The Client ID or the Client Secret is wrong";
const EXPIRED: &str = "The Client Secret has expired";
const NOT_ACTIVE: &str = "The client is not Active";
const NOT_ENABLED: &str = "The client's third party is not Enabled";
const TWO_WAYS: &str = "Send the client credentials either in the Authorization header or in the body, not both";
const OTHER_CLIENT: &str = "client_id in the body is another than the one that is authenticated";

/// What a request says of its client.
struct Presented<'a> {
    basic: Option<Basic>,
    parameters: &'a Parameters,
}

/// A Client ID and what was presented to prove it.
#[derive(Debug, PartialEq, Eq)]
struct Credentials<'a> {
    identifier: Cow<'a, str>,
    proof: Cow<'a, str>,
}

/// One reading of what was presented, with the client that it means, if there is one.
struct Attempt<'a> {
    state: &'a AppState,
    organization: &'a OrganizationEntry,
    client: Option<&'a ClientEntry>,
    proof: &'a str,
    allowance: &'a Allowance<'a>,
}

/// Whether it is that client, or why not.
type Verdict = Result<(), AuthenticationFailure>;

type Verified<'a> = Pin<Box<dyn Future<Output = Result<Verdict, OAuthError>> + 'a>>;

/// A way in which a client says who it is.
struct Method {
    /// Its registered name (RFC 7591 section 2).
    name: &'static str,
    /// Whether it proves what it says.
    proves: bool,
    /// The credentials as they may be meant; none when the client does not use this method.
    read: for<'a> fn(&'a Presented<'_>) -> Vec<Credentials<'a>>,
    verify: for<'a> fn(Attempt<'a>) -> Verified<'a>,
}

/// The methods that are served.
const METHODS: &[Method] = &[client_secret_basic::METHOD, client_secret_post::METHOD, none::METHOD];

/// Which clients an endpoint serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// Those that prove who they are.
    Confidential,
    /// Those too that only say who they are (RFC 6749 section 2.1): method `none`.
    ConfidentialAndPublic,
}

impl Accepted {
    fn includes(self, method: &Method) -> bool {
        method.proves || self == Self::ConfidentialAndPublic
    }

    /// The names of the methods by which these clients authenticate.
    pub fn methods(self) -> Vec<&'static str> {
        METHODS.iter().filter(|method| self.includes(method)).map(|method| method.name).collect()
    }
}

/// Authenticates the client of a request: an active client of the organization, whose third party, if it has one, is
/// Enabled.
pub(crate) async fn authenticate(
    state: &AppState,
    tenant: &Tenant,
    request: &HttpRequest,
    parameters: &Parameters,
    accepted: Accepted,
) -> Result<Arc<ClientEntry>, OAuthError> {
    let refuse = |description| OAuthError::InvalidClient { issuer: tenant.issuer(state), description };
    let fail = |client: Option<&ClientEntry>, cause, description| {
        if let Some(client) = client {
            state.failed_attempts.count(tenant.id, Failure::Client(client.id, cause));
        }
        refuse(description)
    };
    let presented = Presented::of(request, parameters)?;
    let Some((method, readings)) = presented.read()? else { return Err(refuse(NO_CREDENTIALS)) };
    // The two readings of a header are one attempt, so they fail once.
    let network = network(request);
    let allowance = Allowance::new(&state.client_failures, tenant.id, network, &readings);
    let mut failed = (None, AuthenticationFailure::WrongSecret);
    let mut candidates = Vec::with_capacity(readings.len());
    for credentials in &readings {
        let client = look_up(state, tenant, &credentials.identifier).await?;
        candidates.push((credentials, client));
    }
    if candidates.len() > 1 {
        // The one that was verified a moment ago costs nothing, so no verification is paid for the other.
        candidates
            .sort_by_key(|(credentials, client)| !is_remembered(state, client.as_deref(), &credentials.proof, network));
    }
    for (credentials, client) in candidates {
        let (client_entry, proof) = (client.as_deref(), &credentials.proof);
        let attempt = Attempt { state, organization: tenant, client: client_entry, proof, allowance: &allowance };
        let verdict = if accepted.includes(method) {
            (method.verify)(attempt).await.inspect_err(|_| allowance.give_back())?
        } else {
            Err(AuthenticationFailure::MissingSecret)
        };
        match (verdict, client) {
            (Ok(()), Some(client)) => {
                allowance.give_back();
                return allowed(state, tenant, &client)
                    .await?
                    .map_err(|description| fail(Some(&client), AuthenticationFailure::NotActive, description));
            }
            (Ok(()), None) => return Err(refuse(WRONG)),
            (Err(AuthenticationFailure::ExpiredSecret), client) => {
                failed = (client, AuthenticationFailure::ExpiredSecret);
            }
            (Err(cause), client) if failed.0.is_none() => failed = (client, cause),
            (Err(_), _) => {}
        }
    }
    let (client, cause) = failed;
    // What is held back goes on the record like what was looked at, so that it shows for how long an attack goes on.
    let refusal = fail(client.as_deref(), cause, description_of(cause));
    allowance.ask()?;
    Err(refusal)
}

impl<'a> Presented<'a> {
    fn of(request: &HttpRequest, parameters: &'a Parameters) -> Result<Self, OAuthError> {
        let header = request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
        let basic = header.map(Basic::of).transpose()?.flatten();
        Ok(Self { basic, parameters })
    }

    /// The method that the client uses, with the credentials as they may be meant. It may use one (RFC 6749 section
    /// 2.3), and say nothing else beside it.
    fn read(&self) -> Result<Option<(&'static Method, Vec<Credentials<'_>>)>, OAuthError> {
        let mut used = METHODS
            .iter()
            .map(|method| (method, (method.read)(self)))
            .filter(|(_, readings)| !readings.is_empty())
            .collect::<Vec<_>>();
        if used.len() > 1 {
            return Err(OAuthError::invalid_request(TWO_WAYS));
        }
        let used = used.pop();
        let in_body = self.parameters.get("client_id");
        match (&used, in_body) {
            (Some((_, readings)), Some(in_body)) if readings.iter().all(|reading| reading.identifier != in_body) => {
                Err(OAuthError::invalid_request(OTHER_CLIENT))
            }
            _ => Ok(used),
        }
    }
}

fn description_of(cause: AuthenticationFailure) -> &'static str {
    match cause {
        AuthenticationFailure::WrongSecret | AuthenticationFailure::HeldBack => WRONG,
        AuthenticationFailure::ExpiredSecret => EXPIRED,
        AuthenticationFailure::MissingSecret => NO_CREDENTIALS,
        AuthenticationFailure::NotActive => NOT_ACTIVE,
    }
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
