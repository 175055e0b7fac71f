//! `POST /api/v1/orgs/{org}/clients/{client}/secrets`

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use countersign_domain::{ClientId, InvalidValue};
use countersign_persistence::clock;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::view::{ClientView, existing};
use crate::api::json::Request;
use crate::api::problem::BodyProblems;
use crate::api::query::{Check, instant};
use crate::caller::ManageThirdParties;
use crate::changes::clients::{self, NewSecret, Retirement};
use crate::state::AppState;
use crate::{WebError, chosen_secret};

/// A Client Secret to be added.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({ "retire_others_at": "2026-12-04T12:00:00Z" }))]
pub(crate) struct AddClientSecret {
    /// 16 to 200 characters; generated unless chosen.
    #[schema(pattern = "^[!-~][ -~]{14,198}[!-~]$")]
    client_secret: Option<String>,
    /// When it stops working by itself; never unless chosen.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// When the client's other secret stops working; never unless chosen.
    #[schema(format = DateTime)]
    retire_others_at: Option<String>,
}

/// A Client Secret that was added.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct AddedClientSecret {
    /// The Client Secret, where it was generated. Shown only now.
    #[schema(example = "cs_sk_…")]
    client_secret: Option<String>,
    /// The client as it is now.
    client: ClientView,
}

/// Adds a Client Secret beside the current one
///
/// A client has at most two, so that one can be replaced without cutting anybody off: both work until the other is
/// removed or `retire_others_at` has come.
#[utoipa::path(
    post,
    path = "/api/v1/orgs/{org}/clients/{client}/secrets",
    tag = "Clients",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("client" = uuid::Uuid, Path, description = "Which client")
    ),
    request_body = AddClientSecret,
    responses(
        (status = 201, description = "The secret was added; a generated one is shown only now",
            body = AddedClientSecret),
        BodyProblems
    ),
    security(("session" = ["ManageThirdParties"]))
)]
pub(crate) async fn add_client_secret(
    state: web::Data<AppState>,
    path: web::Path<(String, ClientId)>,
    request: Request<ManageThirdParties, AddClientSecret>,
) -> Result<HttpResponse, WebError> {
    let ((_, id), Request { caller, body }) = (path.into_inner(), request);
    let before = existing(&state.store, &caller.organization, id).await?;
    let mut check = Check::default();
    check.optional("client_secret", body.client_secret.as_deref(), chosen_secret::check);
    let expires_at = check.optional("expires_at", body.expires_at.as_deref(), instant);
    let retire_others_at = check.optional("retire_others_at", body.retire_others_at.as_deref(), future);
    check.finish()?;
    let chosen = chosen_secret::verifier(&state, body.client_secret.as_deref()).await?;
    let retire_others = retire_others_at.map(|at| Retirement::of(&before.secrets, at));
    let new = NewSecret { chosen, expires_at, retire_others };
    let secret = clients::add_secret(&state.store, &caller.context(), &caller.rights(), id, &new).await?;
    let client = existing(&state.store, &caller.organization, id).await?.into();
    let client_secret = secret.map(|secret| secret.expose().to_owned());
    Ok(HttpResponse::Created()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(AddedClientSecret { client_secret, client }))
}

/// The rule would refuse it too, but as the expiry of a secret that the request does not name.
fn future(text: &str) -> Result<Timestamp, InvalidValue> {
    instant(text)
        .and_then(|at| if at > clock::now() { Ok(at) } else { Err(InvalidValue("Choose a time in the future".into())) })
}
