//! `GET /api/openapi.json`: the OpenAPI document of the JSON API and the OAuth endpoints.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{access_test, audit, clients, organization, problem, secrets, sessions, third_parties, tokens};
use crate::oauth;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Countersign",
        description = "Third-party access of organizations: third parties, their clients and tokens, and what happened \
                       to them. Sign in at `/api/v1/sessions`; every other call carries the session as bearer token. \
                       Errors are problem details (RFC 9457). What belongs to another organization answers like what \
                       does not exist.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        sessions::create::create_session,
        sessions::end::end_session,
        organization::get_organization,
        third_parties::list::list_third_parties,
        third_parties::add::add_third_party,
        third_parties::get::get_third_party,
        third_parties::change::change_third_party,
        third_parties::delete::delete_third_party,
        access_test::test_third_party_access,
        tokens::add::add_token,
        tokens::get::get_token,
        tokens::change::change_token,
        tokens::revoke::revoke_token,
        secrets::add::add_secret,
        secrets::remove::remove_secret,
        clients::list::list_clients,
        clients::add::add_client,
        clients::get::get_client,
        clients::change::change_client,
        clients::delete::delete_client,
        clients::add_secret::add_client_secret,
        clients::remove_secret::remove_client_secret,
        audit::list_audit,
        openapi,
        oauth::access_test,
        oauth::forward_auth,
        oauth::introspect,
        oauth::token,
        oauth::revoke,
        oauth::revoke_leaked,
        oauth::authorization_server,
        oauth::protected_resource,
        oauth::token_format,
    ),
    components(schemas(problem::Problem)),
    modifiers(&SecuritySchemes)
)]
struct Document;

/// Whose scopes name the right that a member's role must have.
struct SecuritySchemes;

impl Modify for SecuritySchemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let http = |scheme, description: &str| {
            SecurityScheme::Http(HttpBuilder::new().scheme(scheme).description(Some(description)).build())
        };
        let components = document.components.get_or_insert_default();
        let schemes = [
            (
                "session",
                http(
                    HttpAuthScheme::Bearer,
                    "The session_token of `/api/v1/sessions`; what is named beside it is the right that the member's \
                     role must have",
                ),
            ),
            ("token", http(HttpAuthScheme::Bearer, "A token that the organization gave to a third party")),
            ("client", http(HttpAuthScheme::Basic, "The Client ID and Client Secret")),
        ];
        for (name, scheme) in schemes {
            components.add_security_scheme(name, scheme);
        }
    }
}

static JSON: LazyLock<String> = LazyLock::new(|| Document::openapi().to_pretty_json().unwrap_or_default());

/// The OpenAPI document.
pub fn openapi_json() -> String {
    JSON.clone()
}

/// Reads this document
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    tag = "OpenAPI",
    responses((status = 200, description = "The OpenAPI document", content_type = "application/json"))
)]
pub(super) async fn openapi() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(JSON.as_str())
}
