//! What OAuth endpoints answer when they refuse (RFC 6749 section 5.2, RFC 6750 section 3).

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use countersign_persistence::{ChangeError, StoreError};
use serde::Serialize;

use super::bearer;
use crate::WebError;

/// Why an OAuth endpoint refuses a request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OAuthError {
    /// The request is not one that the protocol allows.
    #[error("{0}")]
    InvalidRequest(Cow<'static, str>),
    /// The same, at an endpoint that a bearer token opens.
    #[error("{description}")]
    InvalidBearerRequest { issuer: String, description: &'static str },
    /// The client could not be authenticated.
    #[error("{description}")]
    InvalidClient { issuer: String, description: &'static str },
    /// The token request names a grant type that is not served (RFC 6749 section 5.2).
    #[error("This grant_type is not served here")]
    UnsupportedGrantType,
    /// The code or refresh token gives nothing (RFC 6749 section 5.2).
    #[error("{0}")]
    InvalidGrant(Cow<'static, str>),
    /// The client asks for a scope that it may not have.
    #[error("{0}")]
    InvalidScope(Cow<'static, str>),
    /// The client was authenticated, but this is not for it.
    #[error("{0}")]
    UnauthorizedClient(&'static str),
    /// Something that is not the protocol's business; the middleware words it.
    #[error(transparent)]
    Web(#[from] WebError),
}

impl From<ChangeError> for OAuthError {
    fn from(error: ChangeError) -> Self {
        Self::Web(error.into())
    }
}

impl From<StoreError> for OAuthError {
    fn from(error: StoreError) -> Self {
        Self::Web(error.into())
    }
}

/// An error of an OAuth endpoint (RFC 6749 section 5.2).
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({ "error": "invalid_request", "error_description": "The parameter token is missing" }))]
pub(crate) struct ErrorDocument<'a> {
    /// A code for programs.
    pub error: &'a str,
    /// What is wrong, for people.
    pub error_description: &'a str,
}

impl OAuthError {
    /// A request that the protocol does not allow, and why.
    pub fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::InvalidRequest(description.into())
    }

    /// A code or refresh token that gives nothing, and why.
    pub fn invalid_grant(description: impl Into<Cow<'static, str>>) -> Self {
        Self::InvalidGrant(description.into())
    }

    /// The error code of the protocol.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidRequest(_) | Self::InvalidBearerRequest { .. } | Self::Web(_) => "invalid_request",
            Self::InvalidClient { .. } => "invalid_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidGrant(_) => "invalid_grant",
            Self::InvalidScope(_) => "invalid_scope",
            Self::UnauthorizedClient(_) => "unauthorized_client",
        }
    }
}

impl ResponseError for OAuthError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::InvalidRequest(_)
            | Self::InvalidBearerRequest { .. }
            | Self::UnsupportedGrantType
            | Self::InvalidGrant(_)
            | Self::InvalidScope(_)
            | Self::UnauthorizedClient(_) => StatusCode::BAD_REQUEST,
            Self::InvalidClient { .. } => StatusCode::UNAUTHORIZED,
            Self::Web(error) => error.status_code(),
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((CACHE_CONTROL, "no-store"));
        match self {
            Self::Web(error) => return error.error_response(),
            Self::InvalidRequest(_)
            | Self::UnsupportedGrantType
            | Self::InvalidGrant(_)
            | Self::InvalidScope(_)
            | Self::UnauthorizedClient(_) => {}
            Self::InvalidBearerRequest { issuer, description } => {
                response.insert_header((WWW_AUTHENTICATE, bearer::challenge_to_malformed(issuer, description)));
            }
            Self::InvalidClient { issuer, .. } => {
                // Every 401 names a way in (RFC 9110 section 15.5.2), whichever way was tried.
                response.insert_header((WWW_AUTHENTICATE, format!("Basic realm=\"{issuer}\", charset=\"UTF-8\"")));
            }
        }
        response.json(ErrorDocument { error: self.code(), error_description: &self.to_string() })
    }
}
