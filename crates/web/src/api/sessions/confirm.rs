//! `POST /api/v1/sessions/current/confirmation`: proving again who it is.

use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::InvalidValue;
use countersign_persistence::{clock, sign_in as sessions};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::WebError;
use crate::api::json::Json;
use crate::api::problem::ConfirmationProblems;
use crate::caller::presented_session;
use crate::changes::sign_in::confirmation::{Confirmation, Proof};
use crate::state::AppState;
use crate::step_up::refusal;

/// A proof of who it is.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "password": "correct horse battery staple" }))]
pub(crate) struct NewConfirmation {
    /// The member's password.
    #[schema(format = Password)]
    password: Option<String>,
    /// For who has no password: the 6 digits that the member's authenticator app shows now, or a recovery code.
    #[schema(format = Password)]
    code: Option<String>,
}

/// A proof that was accepted.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Confirmed {
    /// Until when secrets may be revealed and replaced, and members changed.
    #[schema(value_type = String, format = DateTime)]
    confirmed_until: Timestamp,
    /// The slugs of the organizations in which it was.
    organizations: Vec<String>,
}

/// Proves again who it is
///
/// What reveals or replaces secrets, or changes members, takes a proof that is no older than 15 minutes (else
/// `/problems/confirmation-required`); signing in is one. It counts wherever the session is valid and the password fits.
#[utoipa::path(
    post,
    path = "/api/v1/sessions/current/confirmation",
    tag = "Sessions",
    request_body = NewConfirmation,
    responses((status = 200, description = "The proof was accepted", body = Confirmed), ConfirmationProblems),
    security(("session" = []))
)]
pub(crate) async fn confirm_session(
    state: web::Data<AppState>,
    request: HttpRequest,
    Json(new): Json<NewConfirmation>,
) -> Result<HttpResponse, WebError> {
    let (digest, _) = presented_session(&state, &request).ok_or(WebError::Unauthenticated)?;
    let now = clock::now();
    let valid_in = sessions::organizations_of_session(&state.store, digest, now).await?;
    if valid_in.is_empty() {
        return Err(WebError::Unauthenticated);
    }
    let (mut confirmed, mut confirmed_until, mut refused) = (Vec::new(), now, None);
    for organization in valid_in {
        let Some(session) = sessions::find_session(&state.store, organization, digest, now).await? else { continue };
        let confirmation = Confirmation::of(&state, organization, session.member).await?;
        match attempt(&state, &confirmation, &new, now).await {
            Ok(()) => {
                sessions::confirm_session(&state.store, organization, session.session, now).await?;
                confirmed_until = sessions::SessionEntry { confirmed_at: now, ..session }.confirmed_until();
                confirmed.push(confirmation.slug().to_owned());
            }
            Err(error) => refused = Some(error),
        }
    }
    match refused {
        Some(error) if confirmed.is_empty() => Err(error),
        _ => Ok(HttpResponse::Ok().json(Confirmed { confirmed_until, organizations: confirmed })),
    }
}

async fn attempt(
    state: &AppState,
    confirmation: &Confirmation,
    new: &NewConfirmation,
    now: Timestamp,
) -> Result<(), WebError> {
    let (field, typed, missing) = match confirmation.proof {
        Proof::Password => ("password", &new.password, "Send your password"),
        Proof::Code => ("code", &new.code, "Send a sign-in code: you have no password"),
        Proof::Nothing => ("password", &None, "You have neither a password nor sign-in codes: sign in again"),
    };
    let wrong = |message: String| WebError::field(field, &InvalidValue(message.into()));
    let typed = typed.as_deref().ok_or_else(|| wrong(missing.to_owned()))?;
    match confirmation.attempt(state, typed, now).await {
        Ok(()) => Ok(()),
        Err(error @ WebError::Throttled { .. }) => Err(error),
        Err(error) => Err(wrong(refusal(error)?)),
    }
}
