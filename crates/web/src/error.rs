//! Every error that an endpoint can answer, and the one mapping to what is sent.
//!
//! A handler returns [`WebError`]; the middleware renders it for the audience of the route: RFC 9457 problem details
//! for the API, the RFC 6749 error JSON for OAuth, a helpful page for people.

use std::fmt::Display;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use countersign_domain::validity::Denial;
use countersign_domain::{
    ApiScope, AuthorizationError, ClientError, ConsentError, DomainError, InvalidValue, MemberError, OrganizationError,
    ThirdPartyError, TokenError,
};
use countersign_persistence::projections::unique_names::NameKind;
use countersign_persistence::{ChangeError, StoreError};
use serde::Serialize;

/// An input field and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// The field's name in the form or JSON document.
    pub field: String,
    /// What is accepted, in words for the person who typed it.
    pub message: String,
}

impl FieldError {
    /// An error of a field.
    pub fn new(field: &str, problem: &impl ToString) -> Self {
        Self { field: field.to_owned(), message: problem.to_string() }
    }
}

/// Why a request was not answered as asked.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// There is no such thing, or it is none of the caller's business.
    #[error("There is nothing here for you")]
    NotFound,
    /// The caller has to sign in.
    #[error("Sign in first")]
    Unauthenticated,
    /// The sign-in failed.
    #[error("E-mail address or password is wrong")]
    WrongPassword,
    /// The password was right, and a code is asked for too.
    #[error("The password is right, and a code is needed too: send `code`, the 6 digits of the app or a recovery code")]
    CodeNeeded,
    /// The code is not the one of now, or was used.
    #[error("This code is wrong, or was used before: enter the one that your app shows now, or a recovery code")]
    WrongCode,
    /// The caller's role doesn't allow it.
    #[error("Your role does not allow this: ask an owner of the organization")]
    Forbidden,
    /// The caller has to prove again who it is.
    #[error(
        "It is more than 15 minutes since you proved who you are: send your password to \
         /api/v1/sessions/current/confirmation, then send this again"
    )]
    ConfirmationRequired,
    /// Somebody would change what only others may change of a member.
    #[error(
        "Nobody changes their own role, deactivates themselves or resets their own sign-in codes here: another owner can"
    )]
    OwnMembership,
    /// The presented token gives no access.
    #[error("{0}")]
    InvalidToken(Denial),
    /// The presented token works, but not here.
    #[error("This is no access token of an API key: get one with the API key's Client ID and Client Secret")]
    NotAnApiKey,
    /// The API key may not do this.
    #[error("The API key's token does not allow this: the scope {} is missing", .0.as_str())]
    InsufficientScope(ApiScope),
    /// What only a person can do.
    #[error("This is for signed-in members: an API key can't do it")]
    MembersOnly,
    /// The organization wants its members to sign in with codes, and this one doesn't.
    #[error("Your organization requires sign-in codes: switch them on, on the page Profile")]
    SignInCodesRequired,
    /// The organization is suspended.
    #[error("The organization is suspended: ask the operator of this installation")]
    Suspended,
    /// An authorization request that is not answered at the client, because it isn't known to be the client's.
    #[error("{0}")]
    AuthorizationRequest(&'static str),
    /// The form was not sent from a page of ours.
    #[error("This form is out of date: go back, reload the page and try again")]
    StaleForm,
    /// Some fields are not acceptable.
    #[error("Some fields need another look")]
    Invalid(Vec<FieldError>),
    /// The request can't be read; says where.
    #[error("The request can't be read: {0}")]
    Malformed(String),
    /// The content type is not the one that is read here.
    #[error("Send the body as {0}")]
    UnsupportedMediaType(&'static str),
    /// The body is too long.
    #[error("The request is too large: at most {limit} bytes are read")]
    TooLarge {
        /// In bytes.
        limit: usize,
    },
    /// The method is not served here.
    #[error("This address does not take that method")]
    MethodNotAllowed,
    /// The body may not even be sent as it is.
    #[error("None of the encodings that Accept-Encoding allows is served: leave identity in")]
    NotAcceptable,
    /// Too many tries.
    #[error("Too many tries: wait {seconds} seconds")]
    Throttled {
        /// Until the next try.
        seconds: u64,
    },
    /// The server has more to do than it can.
    #[error("The server is busy: try again in a moment")]
    Busy,
    /// A rule refused the change, or the store did.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// Something went wrong that is nobody's business but ours; the log has it.
    #[error("Something went wrong on our side")]
    Internal,
}

impl From<StoreError> for WebError {
    fn from(error: StoreError) -> Self {
        Self::Change(ChangeError::Store(error))
    }
}

impl From<DomainError> for WebError {
    fn from(error: DomainError) -> Self {
        Self::Change(ChangeError::Refused(error))
    }
}

/// What an error says to whoever asked.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub status: StatusCode,
    /// The last part of the problem type (RFC 9457 section 3.1.1).
    pub problem: &'static str,
    pub title: &'static str,
    pub detail: String,
    pub fields: Vec<FieldError>,
    pub retry_after: Option<u64>,
    /// What is wrong with the presented token, for `WWW-Authenticate` (RFC 6750 section 3).
    pub challenge: Option<String>,
}

impl WebError {
    /// Logs the cause and answers that something went wrong.
    pub(crate) fn internal(cause: impl Display) -> Self {
        tracing::error!(%cause, "a request failed");
        Self::Internal
    }

    /// A single field's error.
    pub(crate) fn field(name: &str, problem: &InvalidValue) -> Self {
        Self::Invalid(vec![FieldError::new(name, problem)])
    }

    /// The mapping: status, problem type and words of every error.
    pub(crate) fn answer(&self) -> Answer {
        let (status, problem, title) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "Not found"),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated", "Sign in first"),
            Self::WrongPassword => (StatusCode::UNAUTHORIZED, "wrong-password", "Sign-in failed"),
            Self::CodeNeeded => (StatusCode::UNAUTHORIZED, "code-needed", "Code needed"),
            Self::WrongCode => (StatusCode::UNAUTHORIZED, "wrong-code", "Sign-in failed"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "Not allowed"),
            Self::ConfirmationRequired => (StatusCode::FORBIDDEN, "confirmation-required", "Confirm that it is you"),
            Self::OwnMembership => (StatusCode::CONFLICT, "own-membership", "Not possible now"),
            Self::InvalidToken(_) | Self::NotAnApiKey => {
                (StatusCode::UNAUTHORIZED, "invalid-token", "The token gives no access")
            }
            Self::InsufficientScope(_) => (StatusCode::FORBIDDEN, "insufficient-scope", "Scope missing"),
            Self::MembersOnly => (StatusCode::FORBIDDEN, "members-only", "For members only"),
            Self::SignInCodesRequired => (StatusCode::FORBIDDEN, "sign-in-codes-required", "Sign-in codes required"),
            Self::Suspended => (StatusCode::FORBIDDEN, "organization-suspended", "Organization suspended"),
            Self::AuthorizationRequest(_) => {
                (StatusCode::BAD_REQUEST, "authorization-request", "This request for access is not valid")
            }
            Self::StaleForm => (StatusCode::FORBIDDEN, "stale-form", "Form out of date"),
            Self::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid-fields", "Check the fields"),
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed-request", "Malformed request"),
            Self::UnsupportedMediaType(_) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported content type")
            }
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed"),
            Self::NotAcceptable => (StatusCode::NOT_ACCEPTABLE, "not-acceptable", "No acceptable encoding"),
            Self::Throttled { .. } => (StatusCode::TOO_MANY_REQUESTS, "throttled", "Too many tries"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy"),
            Self::Change(ChangeError::Refused(error)) => refused(error),
            Self::Change(ChangeError::Store(error)) => store(error),
            Self::Internal => internal(),
        };
        let detail = if status == StatusCode::INTERNAL_SERVER_ERROR {
            "Something went wrong on our side. Try again; if it stays, tell whoever runs this installation the request \
             id"
            .to_owned()
        } else if status == StatusCode::SERVICE_UNAVAILABLE && problem == "database-unavailable" {
            "The database is not available right now. Nothing was changed; try again in a few seconds".to_owned()
        } else if status == StatusCode::NOT_FOUND {
            // In the same words, whatever it is that is not there: who may not see it must not learn that it was.
            Self::NotFound.to_string()
        } else {
            sentence(&self.to_string())
        };
        let fields = match self {
            Self::Invalid(fields) => fields.clone(),
            Self::Change(error) => field_of(error)
                .map(|field| FieldError { field: field.to_owned(), message: detail.clone() })
                .into_iter()
                .collect(),
            _ => Vec::new(),
        };
        let retry_after = match self {
            Self::Throttled { seconds } => Some(*seconds),
            _ if status == StatusCode::SERVICE_UNAVAILABLE => Some(2),
            _ => None,
        };
        let challenge = match self {
            Self::InvalidToken(_) | Self::NotAnApiKey => Some("error=\"invalid_token\"".to_owned()),
            Self::InsufficientScope(scope) => {
                Some(format!("error=\"insufficient_scope\", scope=\"{}\"", scope.as_str()))
            }
            _ => None,
        };
        Answer { status, problem, title, detail, fields, retry_after, challenge }
    }
}

/// The rules and the store say it in lower case, for use within a sentence.
pub(crate) fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().into_iter().flat_map(char::to_uppercase).chain(characters).collect()
}

/// The field that a refused change is about, where it is about one.
fn field_of(error: &ChangeError) -> Option<&'static str> {
    match error {
        ChangeError::Refused(
            DomainError::Client(ClientError::ExpiryInThePast)
            | DomainError::Token(TokenError::ExpiryInThePast | TokenError::ExpiryTooLate { .. }),
        ) => Some("expires_at"),
        ChangeError::Refused(DomainError::Client(
            ClientError::NoGrantType
            | ClientError::RefreshTokenAlone
            | ClientError::PublicClientCredentials
            | ClientError::ApiKeyGrantTypes,
        )) => Some("grant_types"),
        ChangeError::Refused(DomainError::Client(ClientError::PublicWithoutPkce)) => Some("pkce_required"),
        ChangeError::Refused(DomainError::Client(ClientError::PublicIntrospection)) => Some("may_introspect"),
        ChangeError::Refused(DomainError::Client(
            ClientError::LifetimeOutOfRange { .. } | ClientError::LifetimeBeyondMaximum { .. },
        )) => Some("expires_in"),
        ChangeError::Refused(DomainError::Client(ClientError::PublicApiKey)) => Some("api_access"),
        ChangeError::Refused(DomainError::Client(
            ClientError::ApiKeyWithoutScope | ClientError::NotAnApiScope { .. } | ClientError::BeyondOwnRights { .. },
        )) => Some("scopes"),
        ChangeError::Refused(DomainError::Organization(error)) => match error {
            OrganizationError::MonthsOutOfRange => Some("maximum_token_months"),
            OrganizationError::DefaultMonthsOutOfRange { .. } => Some("default_token_months"),
            OrganizationError::SecondsOutOfRange => Some("maximum_expires_in"),
            OrganizationError::DefaultSecondsOutOfRange { .. } => Some("default_expires_in"),
            OrganizationError::ReservedSlug(_) => Some("slug"),
            OrganizationError::Exists | OrganizationError::Unknown | OrganizationError::OfOperators => None,
        },
        ChangeError::Store(StoreError::NameTaken(kind)) => Some(match kind {
            NameKind::ThirdParty => "name",
            NameKind::ClientIdentifier => "client_id",
            NameKind::MemberEmail => "email",
            NameKind::OrganizationSlug => "slug",
            NameKind::HostName => "host_name",
        }),
        _ => None,
    }
}

type Mapped = (StatusCode, &'static str, &'static str);

fn internal() -> Mapped {
    (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong")
}

/// What the rules refuse: what isn't there is not found, the rest is a conflict with the state of things.
fn refused(error: &DomainError) -> Mapped {
    match error {
        DomainError::Organization(OrganizationError::Unknown)
        | DomainError::Member(MemberError::Unknown)
        | DomainError::ThirdParty(ThirdPartyError::Unknown | ThirdPartyError::Deleted)
        | DomainError::Client(ClientError::Unknown | ClientError::Deleted | ClientError::UnknownSecret)
        | DomainError::Token(TokenError::Unknown)
        | DomainError::Authorization(AuthorizationError::Unknown)
        | DomainError::Consent(ConsentError::Unknown) => (StatusCode::NOT_FOUND, "not-found", "Not found"),
        DomainError::Client(ClientError::BeyondOwnRights { .. }) => {
            (StatusCode::FORBIDDEN, "beyond-own-rights", "Beyond your own rights")
        }
        DomainError::Organization(
            OrganizationError::MonthsOutOfRange
            | OrganizationError::DefaultMonthsOutOfRange { .. }
            | OrganizationError::SecondsOutOfRange
            | OrganizationError::DefaultSecondsOutOfRange { .. }
            | OrganizationError::ReservedSlug(_),
        )
        | DomainError::Client(
            ClientError::ExpiryInThePast
            | ClientError::NoGrantType
            | ClientError::RefreshTokenAlone
            | ClientError::PublicClientCredentials
            | ClientError::PublicWithoutPkce
            | ClientError::PublicIntrospection
            | ClientError::LifetimeOutOfRange { .. }
            | ClientError::LifetimeBeyondMaximum { .. }
            | ClientError::PublicApiKey
            | ClientError::ApiKeyGrantTypes
            | ClientError::ApiKeyWithoutScope
            | ClientError::NotAnApiScope { .. },
        )
        | DomainError::Token(TokenError::ExpiryInThePast | TokenError::ExpiryTooLate { .. }) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "invalid-fields", "Check the fields")
        }
        _ => (StatusCode::CONFLICT, "refused", "Not possible now"),
    }
}

fn store(error: &StoreError) -> Mapped {
    match error {
        StoreError::Unavailable(_) => {
            tracing::warn!(%error, "the database is not available");
            (StatusCode::SERVICE_UNAVAILABLE, "database-unavailable", "Not available right now")
        }
        StoreError::OutcomeUnknown => (StatusCode::SERVICE_UNAVAILABLE, "outcome-unknown", "The outcome is not known"),
        StoreError::Overloaded => (StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy"),
        StoreError::Conflict | StoreError::ChangedMeanwhile => {
            (StatusCode::CONFLICT, "changed-meanwhile", "Changed in the meantime")
        }
        StoreError::LastOwner => (StatusCode::CONFLICT, "last-owner", "Not possible now"),
        StoreError::NameTaken(_) => (StatusCode::CONFLICT, "name-taken", "Taken already"),
        StoreError::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large"),
        StoreError::UnknownOrganization => (StatusCode::NOT_FOUND, "not-found", "Not found"),
        other => {
            tracing::error!(error = %other, "a request failed");
            internal()
        }
    }
}

impl ResponseError for WebError {
    fn status_code(&self) -> StatusCode {
        self.answer().status
    }

    /// The bare status with the answer beside it: the middleware makes the body.
    fn error_response(&self) -> HttpResponse {
        let answer = self.answer();
        let mut response = HttpResponse::new(answer.status);
        response.extensions_mut().insert(answer);
        response
    }
}
