//! `DELETE /api/v1/sessions/current`: signing out.

use actix_web::{HttpRequest, HttpResponse, web};
use countersign_persistence::{clock, sign_in as sessions};

use crate::WebError;
use crate::api::problem::SignOutProblems;
use crate::caller::presented_session;
use crate::changes::sign_in::{self, Origin};
use crate::state::AppState;

/// Signs out, in every organization
#[utoipa::path(
    delete,
    path = "/api/v1/sessions/current",
    tag = "Sessions",
    responses((status = 204, description = "The session has ended"), SignOutProblems),
    security(("session" = []))
)]
pub(crate) async fn end_session(state: web::Data<AppState>, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let (digest, _) = presented_session(&state, &request).ok_or(WebError::Unauthenticated)?;
    if sessions::organizations_of_session(&state.store, digest, clock::now()).await?.is_empty() {
        return Err(WebError::Unauthenticated);
    }
    sign_in::out(&state.store, &Origin::of(&request), digest).await?;
    Ok(HttpResponse::NoContent().finish())
}
