//! `PATCH /api/v1/orgs/{org}/clients/{client}`

use actix_web::{HttpResponse, web};
use countersign_domain::ClientId;
use serde::Deserialize;

use super::view::{ClientView, existing};
use super::{each, grant_type, redirect_uris, scopes};
use crate::WebError;
use crate::api::json::{Request, Whole, nullable};
use crate::api::problem::BodyProblems;
use crate::api::query::Check;
use crate::caller::ManageThirdParties;
use crate::changes::clients::{self, ClientChanges, SettingsChanges};
use crate::state::AppState;

/// What to change of a client: what is absent stays.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({ "active": false, "scopes": ["records:read"], "expires_in": null }))]
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub(crate) struct ChangeClient {
    /// Where authorization responses may go.
    redirect_uris: Option<Vec<String>>,
    /// What it may ask for.
    scopes: Option<Vec<String>>,
    /// From `authorization_code`, `client_credentials` and `refresh_token`.
    grant_types: Option<Vec<String>>,
    /// Whether its authorization requests must use PKCE.
    pkce_required: Option<bool>,
    /// How long its access tokens live, in seconds, from 60 on; null for the default.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<u32>, minimum = 60, maximum = 4_294_967_295_u32)]
    expires_in: Option<Option<Whole<u32>>>,
    /// Whether it may introspect the tokens of other clients.
    may_introspect: Option<bool>,
    /// Whether it is an API key: its scopes are then from the list of those (see `POST`), within your own rights.
    api_access: Option<bool>,
    /// Whether it may take part.
    active: Option<bool>,
}

/// Changes a client
///
/// All of the change is made, or none. It counts from the next request of the client on.
#[utoipa::path(
    patch,
    path = "/api/v1/orgs/{org}/clients/{client}",
    tag = "Clients",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("client" = uuid::Uuid, Path, description = "Which client")
    ),
    request_body = ChangeClient,
    responses((status = 200, description = "The client as it is now", body = ClientView), BodyProblems),
    security(("session" = ["ManageThirdParties"]))
)]
pub(crate) async fn change_client(
    state: web::Data<AppState>,
    path: web::Path<(String, ClientId)>,
    request: Request<ManageThirdParties, ChangeClient>,
) -> Result<HttpResponse, WebError> {
    let ((_, id), Request { caller, body }) = (path.into_inner(), request);
    existing(&state.store, &caller.organization, id).await?;
    let changes = checked(&body)?;
    let (organization, rights) = (&caller.organization, caller.rights());
    clients::update(&state.store, &caller.context(), organization, &rights, id, &changes).await?;
    let after = existing(&state.store, &caller.organization, id).await?;
    Ok(HttpResponse::Ok().json(ClientView::from(after)))
}

fn checked(body: &ChangeClient) -> Result<ClientChanges, WebError> {
    let mut check = Check::default();
    let changes = ClientChanges {
        redirect_uris: body.redirect_uris.as_ref().map(|uris| redirect_uris(&mut check, uris)),
        settings: SettingsChanges {
            scopes: body.scopes.as_ref().map(|texts| scopes(&mut check, texts)),
            grant_types: body.grant_types.as_ref().map(|types| each(&mut check, "grant_types", types, grant_type)),
            pkce_required: body.pkce_required,
            access_token_lifetime: body.expires_in.map(|seconds| seconds.map(|seconds| seconds.0)),
            may_introspect: body.may_introspect,
            api_access: body.api_access,
        },
        active: body.active,
        ..ClientChanges::default()
    };
    check.finish()?;
    Ok(changes)
}
