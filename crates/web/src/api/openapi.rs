//! `GET /api/openapi.json`: the OpenAPI document of the JSON API and the OAuth endpoints.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use countersign_domain::ApiScope;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Deprecated, Ref, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use super::{
    ROUTES, access_test, audit, clients, expirations, jobs, members, operator, organization, overview, problem,
    requests, secrets, sessions, settings, third_parties, tokens,
};
use crate::{oauth, operations, step_up};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Countersign",
        description = "Third-party access of organizations: third parties, their clients and tokens, and what happened \
                       to them. Sign in at `/api/v1/sessions`; every other call carries the session as bearer token, or an \
                       access token of an API key: a client with `api_access`, which gets it at its organization's token \
                       endpoint by `client_credentials`. \
                       Errors are problem details (RFC 9457). What belongs to another organization answers like what \
                       does not exist.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        sessions::create::create_session,
        sessions::end::end_session,
        sessions::confirm::confirm_session,
        organization::get_organization,
        settings::get_settings,
        settings::change_settings,
        third_parties::list::list_third_parties,
        third_parties::add::add_third_party,
        third_parties::get::get_third_party,
        third_parties::change::change_third_party,
        third_parties::delete::delete_third_party,
        access_test::test_third_party_access,
        requests::get_requests,
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
        members::list::list_members,
        members::add::add_member,
        members::get::get_member,
        members::change::change_member,
        members::sign_in_link::create_sign_in_link,
        members::end_sessions::end_member_sessions,
        members::reset_sign_in_codes::reset_sign_in_codes,
        expirations::list_expirations,
        overview::get_overview,
        jobs::export_audit::export_audit,
        jobs::list::list_jobs,
        jobs::get::get_job,
        jobs::result::get_job_result,
        jobs::end::end_job,
        operator::list_organizations::list_organizations,
        operator::add_organization::add_organization,
        operator::get_organization::get_operated_organization,
        operator::change_organization::change_organization,
        operator::get_health::get_health,
        openapi,
        oauth::authorize,
        oauth::decide,
        oauth::access_test,
        oauth::forward_auth,
        oauth::introspect,
        oauth::token,
        oauth::revoke,
        oauth::revoke_leaked,
        oauth::authorization_server,
        oauth::protected_resource,
        oauth::token_format,
        operations::health,
        operations::readiness,
    ),
    components(schemas(problem::Problem, oauth::ErrorDocument)),
    modifiers(&SecuritySchemes, &ApiKeys, &OtherAddresses, &WhateverIsAsked, &Confirmations)
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
            (
                "api_key",
                http(
                    HttpAuthScheme::Bearer,
                    "An access token of an API key of the organization; what is named beside it is the scope that it \
                     must have. A scope to manage includes the one to read",
                ),
            ),
            ("token", http(HttpAuthScheme::Bearer, "A token that the organization gave to a third party")),
            ("client", http(HttpAuthScheme::Basic, "The Client ID and Client Secret")),
            (
                "cookie",
                SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
                    "countersign",
                    "A browser's session; over HTTPS the cookie is called `__Host-countersign`",
                ))),
            ),
        ];
        for (name, scheme) in schemes {
            components.add_security_scheme(name, scheme);
        }
    }
}

/// Every operation of an organization whose right some scope gives is open to API keys with that scope.
struct ApiKeys;

impl Modify for ApiKeys {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for route in ROUTES {
            let scope = route.right.and_then(ApiScope::giving);
            let (Some(scope), Some(item)) = (scope, document.paths.paths.get_mut(route.path)) else { continue };
            let operation = match route.method {
                "GET" => &mut item.get,
                "POST" => &mut item.post,
                "PATCH" => &mut item.patch,
                _ => &mut item.delete,
            };
            if let Some(operation) = operation {
                let requirement = SecurityRequirement::new("api_key", [scope.as_str()]);
                operation.security.get_or_insert_default().push(requirement);
            }
        }
    }
}

/// Operations that are served at a second address, or by a second method, too.
struct OtherAddresses;

/// The path, what the names of its operations end with, and the path whose operations they are.
const SAME_PATHS: [(&str, &str, &str); 4] = [
    ("/t/{org}/.well-known/oauth-authorization-server", "appended", "/.well-known/oauth-authorization-server/t/{org}"),
    (
        "/t/{org}/.well-known/openid-configuration",
        "as_openid_configuration",
        "/.well-known/oauth-authorization-server/t/{org}",
    ),
    ("/t/{org}/osoc/api/oauthcontroller/authorize", FORMERLY, "/t/{org}/oauth2/authorize"),
    ("/t/{org}/osoc/api/oauthcontroller/token", FORMERLY, "/t/{org}/oauth2/token"),
];
/// For integrations that were configured before Countersign came.
const FORMERLY: &str = "formerly";

impl Modify for OtherAddresses {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let paths = &mut document.paths.paths;
        if let Some(access_test) = paths.get_mut("/t/{org}/access-test") {
            access_test.post = access_test.get.clone();
            access_test.post.iter_mut().for_each(|operation| rename(operation, "by_post"));
        }
        for (path, ending, of) in SAME_PATHS {
            let Some(mut item) = paths.get(of).cloned() else { continue };
            for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
                operation.deprecated = (ending == FORMERLY).then_some(Deprecated::True);
                rename(operation, ending);
            }
            paths.insert(path.to_owned(), item);
        }
    }
}

fn rename(operation: &mut Operation, ending: &str) {
    operation.operation_id = operation.operation_id.as_ref().map(|name| format!("{name}_{ending}"));
}

/// What every operation whose answers can be compressed may answer before it is even looked for.
struct WhateverIsAsked;

const NOT_ACCEPTABLE: &str = "NotAcceptable";

impl Modify for WhateverIsAsked {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let description = "None of the encodings that `Accept-Encoding` allows is served, and it forbids `identity`";
        let response = ResponseBuilder::new().description(description).build();
        document.components.get_or_insert_default().responses.insert(NOT_ACCEPTABLE.to_owned(), response.into());
        for (_, item) in document.paths.paths.iter_mut().filter(|(path, _)| path.starts_with("/api/")) {
            let operations = [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete];
            for operation in operations.into_iter().flatten() {
                let response = Ref::from_response_name(NOT_ACCEPTABLE);
                operation.responses.responses.insert("406".to_owned(), response.into());
            }
        }
    }
}

/// Says of the operations that take a fresh proof of who it is that they do.
struct Confirmations;

impl Modify for Confirmations {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for (method, path) in step_up::OPERATIONS {
            let Some(item) = document.paths.paths.get_mut(&format!("/api/v1/orgs/{{org}}{path}")) else { continue };
            let operation = match *method {
                "POST" => &mut item.post,
                "PATCH" => &mut item.patch,
                _ => &mut item.delete,
            };
            if let Some(operation) = operation {
                let said = operation.description.take().map(|text| format!("{text}\n\n")).unwrap_or_default();
                operation.description = Some(format!(
                    "{said}Takes a proof of who it is that is no older than 15 minutes: else \
                     `/problems/confirmation-required`; see `/api/v1/sessions/current/confirmation`."
                ));
            }
        }
    }
}

static JSON: LazyLock<String> = LazyLock::new(|| {
    let json = Document::openapi().to_pretty_json().unwrap_or_default();
    // As the OpenAPI format registry spells them.
    json.replace(r#""format": "u-int"#, r#""format": "uint"#)
});

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
