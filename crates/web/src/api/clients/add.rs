//! `POST /api/v1/orgs/{org}/clients`

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpResponse, web};
use countersign_domain::client::ClientType;
use countersign_domain::values::ClientIdentifier;
use countersign_domain::{InvalidValue, ThirdPartyId};
use serde::{Deserialize, Serialize};

use super::view::{ClientView, existing};
use super::{each, grant_type, redirect_uris, scopes};
use crate::api::json::{Request, Whole};
use crate::api::problem::BodyProblems;
use crate::api::query::{Check, identifier};
use crate::api::third_parties::view::existing as existing_third_party;
use crate::caller::ManageThirdParties;
use crate::changes::clients::{self, NewClient, SettingsChanges};
use crate::state::AppState;
use crate::{WebError, chosen_secret};

/// A client to be registered. It starts Active.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "redirect_uris": ["https://partner.example/callback"], "scopes": ["records:read"], "expires_in": 3600
}))]
pub(crate) struct AddClient {
    /// The `client_id` of the protocol, unique in the organization; generated unless chosen.
    #[schema(pattern = "^[ -~]{1,200}$")]
    client_id: Option<String>,
    /// The Client Secret: 16 to 200 characters; generated unless chosen. A public client has none.
    #[schema(pattern = "^[!-~][ -~]{14,198}[!-~]$")]
    client_secret: Option<String>,
    /// `confidential` (default) or `public`.
    #[serde(rename = "type")]
    #[schema(pattern = "^(confidential|public)$")]
    client_type: Option<String>,
    /// The third party that it belongs to, if any.
    #[schema(format = Uuid)]
    third_party: Option<String>,
    /// Where authorization responses may go.
    #[serde(default)]
    redirect_uris: Vec<String>,
    /// What it may ask for.
    #[serde(default)]
    scopes: Vec<String>,
    /// From `authorization_code`, `client_credentials` and `refresh_token`; all that its type may have unless chosen.
    grant_types: Option<Vec<String>>,
    /// Whether its authorization requests must use PKCE; true unless chosen.
    pkce_required: Option<bool>,
    /// How long its access tokens live, in seconds, from 60 on.
    #[schema(value_type = Option<u32>, minimum = 60, maximum = 4_294_967_295_u32)]
    expires_in: Option<Whole<u32>>,
    /// Whether it may introspect the tokens of other clients; false unless chosen.
    may_introspect: Option<bool>,
    /// Whether it is an API key: its access tokens, which it gets by `client_credentials`, open this API. Its scopes are
    /// then from `third-parties:read`, `third-parties:manage`, `audit:read`, `members:read`, `members:manage`,
    /// `settings:read` and `settings:manage`, within your own rights. False unless chosen.
    api_access: Option<bool>,
}

/// A client that was registered, with its first secret.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct AddedClient {
    /// The client.
    #[serde(flatten)]
    client: ClientView,
    /// The Client Secret, where one was generated. Shown only now.
    #[schema(example = "cs_sk_…")]
    client_secret: Option<String>,
}

/// Registers an OAuth client
#[utoipa::path(
    post,
    path = "/api/v1/orgs/{org}/clients",
    tag = "Clients",
    params(("org" = String, Path, description = "The organization's slug", example = "acme")),
    request_body = AddClient,
    responses(
        (status = 201, description = "The client was registered; a generated Client Secret is shown only now",
            body = AddedClient,
            headers(("Location" = String, description = "Where the client is"))),
        BodyProblems
    ),
    security(("session" = ["ManageThirdParties"]))
)]
pub(crate) async fn add_client(
    state: web::Data<AppState>,
    request: Request<ManageThirdParties, AddClient>,
) -> Result<HttpResponse, WebError> {
    let Request { caller, body } = request;
    let mut new = checked(&body)?;
    if let Some(third_party) = new.third_party {
        match existing_third_party(&state.store, &caller.organization, third_party).await {
            Err(WebError::NotFound) => {
                let unknown = InvalidValue("There is no such third party".into());
                return Err(WebError::field("third_party", &unknown));
            }
            other => other?,
        };
    }
    new.chosen_secret = chosen_secret::verifier(&state, body.client_secret.as_deref()).await?;
    let (id, secret) =
        clients::register(&state.store, &caller.context(), &caller.organization, &caller.rights(), &new).await?;
    let client = existing(&state.store, &caller.organization, id).await?;
    let location = format!("/api/v1/orgs/{}/clients/{id}", caller.organization.slug);
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, location))
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(AddedClient { client: client.into(), client_secret: secret.map(|secret| secret.expose().to_owned()) }))
}

fn checked(body: &AddClient) -> Result<NewClient, WebError> {
    let mut check = Check::default();
    let client_type = check.optional("type", body.client_type.as_deref(), client_type).unwrap_or_default();
    let new = NewClient {
        identifier: check.optional("client_id", body.client_id.as_deref(), ClientIdentifier::parse),
        client_type,
        third_party: check.optional("third_party", body.third_party.as_deref(), identifier::<ThirdPartyId>),
        redirect_uris: redirect_uris(&mut check, &body.redirect_uris),
        scopes: scopes(&mut check, &body.scopes),
        settings: SettingsChanges {
            scopes: None,
            grant_types: body.grant_types.as_ref().map(|types| each(&mut check, "grant_types", types, grant_type)),
            pkce_required: body.pkce_required,
            access_token_lifetime: body.expires_in.map(|seconds| Some(seconds.0)),
            may_introspect: body.may_introspect,
            api_access: body.api_access,
        },
        active: true,
        chosen_secret: None,
    };
    check.optional("client_secret", body.client_secret.as_deref(), |text| match client_type {
        ClientType::Public => Err(InvalidValue("A public client has no Client Secret".into())),
        ClientType::Confidential => chosen_secret::check(text),
    });
    check.finish()?;
    Ok(new)
}

fn client_type(text: &str) -> Result<ClientType, InvalidValue> {
    match text {
        "confidential" => Ok(ClientType::Confidential),
        "public" => Ok(ClientType::Public),
        _ => Err(InvalidValue("Choose confidential or public".into())),
    }
}
