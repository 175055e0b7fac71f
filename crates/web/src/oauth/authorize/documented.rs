//! The authorization endpoint in the OpenAPI document: what it reads, and the pages that it answers with when nothing
//! can be said to the client.

use crate::responses::{Body, RETRY_AFTER, Shared, response_sets};

/// The parameters of an authorization request. Others are ignored, as the protocol demands.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents the query; the parameters are read one by one")]
pub(crate) struct AuthorizationParameters {
    /// `code`.
    #[param(pattern = "^code$", example = "code")]
    response_type: String,
    /// The Client ID.
    client_id: String,
    /// Where the answer goes: one of the client's Callback URLs. It may be left out if the client has only one.
    redirect_uri: Option<String>,
    /// The same under the name that some clients send.
    redirect_url: Option<String>,
    /// What to ask for, with spaces between; everything that the client may have when left out.
    #[param(example = "records:read")]
    scope: Option<String>,
    /// Comes back with the answer.
    state: Option<String>,
    /// The challenge (RFC 7636): the base64url of a SHA-256 digest. Needed unless the client may do without PKCE.
    #[param(pattern = "^[A-Za-z0-9_-]{43}$", example = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")]
    code_challenge: Option<String>,
    /// `S256`.
    #[param(pattern = "^S256$", example = "S256")]
    code_challenge_method: Option<String>,
    /// `query`, which is the only way of answering.
    #[param(pattern = "^query$", example = "query")]
    response_mode: Option<String>,
    /// `none`: answer without a page, or not at all. `consent`: ask the member again.
    prompt: Option<String>,
}

/// The parameters of the page's own form.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it documents the form; the fields are read one by one")]
pub(super) struct Decision {
    /// `allow`; whatever else is sent denies.
    #[schema(example = "allow")]
    decision: Option<String>,
    /// The token of the form, which proves that it is ours.
    csrf: String,
}

const UNTRUSTED: Shared = (
    "400",
    "The request names no client that may ask, or a redirect URI that isn't one of its Callback URLs: nothing is sent \
     there",
    &[],
);
const SESSION_ENDED: Shared = ("401", "Nobody is signed in", &[]);
const NOT_ALLOWED: Shared = ("403", "The organization is suspended, or the form is out of date", &[]);
const SUSPENDED: Shared = ("403", "The organization is suspended", &[]);
const NO_ORGANIZATION: Shared = ("404", "There is no such organization, or the member is not of it", &[]);
const TOO_LARGE: Shared = ("413", "The body is too long", &[]);
const UNSUPPORTED: Shared = ("415", "The body is not a form", &[]);
const AWAY: Shared = ("503", "The database is away or the server busy", &[RETRY_AFTER]);

response_sets! {
    Body::Page;
    /// The pages that say why nobody is asked.
    RequestPages = [UNTRUSTED, SUSPENDED, NO_ORGANIZATION, AWAY];
    /// The pages that say why a decision doesn't count.
    DecisionPages = [UNTRUSTED, SESSION_ENDED, NOT_ALLOWED, NO_ORGANIZATION, TOO_LARGE, UNSUPPORTED, AWAY];
}
