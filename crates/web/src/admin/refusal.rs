//! What a refused save says on the page that was sent, with everything kept as typed.

use actix_web::http::StatusCode;
use countersign_domain::{ClientError, DomainError, MemberError, OrganizationError, TokenError};
use countersign_persistence::projections::unique_names::NameKind;
use countersign_persistence::{ChangeError, StoreError};

use crate::WebError;
use crate::error::FieldError;

/// A save that was refused for a reason that the person can see to.
pub(super) struct Refusal {
    pub status: StatusCode,
    pub errors: Vec<FieldError>,
    /// Whether somebody else's change came first.
    pub is_overtaken: bool,
}

impl Refusal {
    /// The refusal that an error is; other errors are for the error page.
    pub fn of(error: WebError) -> Result<Self, WebError> {
        let message = error.to_string();
        let invalid = |field, message: String| Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            errors: vec![FieldError::new(field, &sentence(&message))],
            is_overtaken: false,
        };
        Ok(match error {
            WebError::Invalid(errors) => Self { status: StatusCode::UNPROCESSABLE_ENTITY, errors, is_overtaken: false },
            WebError::Change(ChangeError::Store(StoreError::NameTaken(NameKind::ClientIdentifier))) => {
                let message = "Another client has this Client ID: choose one that is not used yet, or leave it to us";
                invalid("client_id", message.to_owned())
            }
            WebError::Change(ChangeError::Store(StoreError::NameTaken(NameKind::MemberEmail))) => {
                let message =
                    "Somebody with this e-mail address is a member already. Is it somebody who was deactivated?";
                invalid("email", message.to_owned())
            }
            WebError::Change(ChangeError::Store(StoreError::NameTaken(NameKind::HostName))) => {
                let message = "Another organization has this host name: choose one that is not used yet";
                invalid("host_name", message.to_owned())
            }
            WebError::Change(ChangeError::Store(StoreError::NameTaken(NameKind::OrganizationSlug))) => invalid(
                "slug",
                "Another organization has this name in URLs: choose one that is not used yet".to_owned(),
            ),
            WebError::Change(ChangeError::Refused(DomainError::Organization(OrganizationError::ReservedSlug(_)))) => {
                invalid("slug", message)
            }
            WebError::Change(ChangeError::Store(StoreError::NameTaken(_))) => {
                invalid("name", "Another third party has this name: choose one that is not used yet".to_owned())
            }
            WebError::Change(ChangeError::Store(StoreError::ChangedMeanwhile | StoreError::Conflict)) => Self {
                status: StatusCode::CONFLICT,
                errors: vec![FieldError::new(
                    "",
                    &"This was changed after you opened it, by somebody else or in another window, so nothing was saved \
                      now. Your entries are kept below, with what is saved at present beside them. Save again to \
                      put yours in force.",
                )],
                is_overtaken: true,
            },
            WebError::Change(ChangeError::Refused(DomainError::Token(
                TokenError::ExpiryInThePast | TokenError::ExpiryTooLate { .. },
            ))) => invalid("expires_on", message),
            WebError::OwnMembership
            | WebError::Change(
                ChangeError::Store(StoreError::LastOwner)
                | ChangeError::Refused(
                    DomainError::Token(TokenError::Revoked)
                    | DomainError::Client(ClientError::TooManySecrets | ClientError::PublicClient)
                    | DomainError::Member(MemberError::Inactive),
                ),
            ) => Self { status: StatusCode::CONFLICT, ..invalid("", message) },
            WebError::Change(ChangeError::Refused(DomainError::Client(_) | DomainError::Organization(_)))
                if !error.answer().fields.is_empty() =>
            {
                Self { status: StatusCode::UNPROCESSABLE_ENTITY, errors: error.answer().fields, is_overtaken: false }
            }
            other => return Err(other),
        })
    }
}

/// The words of a rule as a sentence of a page.
fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
