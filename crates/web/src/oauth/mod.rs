//! The OAuth endpoints of each organization, under its issuer identifier: `/t/{org}`, or its own host name.

mod access_test;
mod authorize;
mod bearer;
mod client_authentication;
mod error;
mod error_responses;
mod forward_auth;
mod introspect;
mod metadata;
mod parameters;
mod revoke;
mod revoke_leaked;
mod token;
mod token_format;
mod verified_secrets;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, Resource, web};
use countersign_domain::Actor;
use countersign_persistence::directory::{ClientEntry, OrganizationEntry, Verdict};
use countersign_persistence::usage::DecidedRequest;
use countersign_persistence::{Context, Via};
use jiff::Timestamp;

pub(crate) use access_test::__path_access_test;
pub(crate) use authorize::{__path_authorize, __path_decide, AuthorizationRequest, redirect_uri_of};
pub(crate) use client_authentication::ClientFailures;
pub(crate) use error::{ErrorDocument, OAuthError};
pub(crate) use forward_auth::__path_forward_auth;
pub(crate) use introspect::__path_introspect;
pub(crate) use metadata::{__path_authorization_server, __path_protected_resource};
pub(crate) use revoke::__path_revoke;
pub(crate) use revoke_leaked::__path_revoke_leaked;
pub(crate) use token::__path_token;
pub(crate) use token_format::__path_token_format;
pub(crate) use verified_secrets::VerifiedSecrets;

use crate::error::Answer;
use crate::middleware::{Audience, Route, address, request_id, source};
use crate::state::AppState;

/// The routes under `/t/{org}`, and at the root of an organization's own host name. Those under `/osoc` are for integrations that were configured before Countersign came.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            endpoint(&["/access-test"])
                .app_data(Route("/t/{org}/access-test"))
                .route(web::get().to(access_test::access_test))
                .route(web::post().to(access_test::access_test)),
        )
        // Proxies ask with a method of their own or with the caller's.
        .service(
            endpoint(&["/forward-auth"])
                .app_data(Route("/t/{org}/forward-auth"))
                .route(web::to(forward_auth::forward_auth)),
        )
        .service(
            web::resource(["/oauth2/authorize", "/osoc/api/oauthcontroller/authorize"])
                // People read its answers.
                .app_data(Audience::Page)
                .route(web::get().to(authorize::authorize))
                .route(web::post().to(authorize::decide)),
        )
        .service(
            endpoint(&["/oauth2/token"]).app_data(Route("/t/{org}/oauth2/token")).route(web::post().to(token::token)),
        )
        .service(endpoint(&["/osoc/api/oauthcontroller/token"]).route(web::post().to(token::token)))
        .service(
            endpoint(&["/oauth2/introspect"])
                .app_data(Route("/t/{org}/oauth2/introspect"))
                .route(web::post().to(introspect::introspect)),
        )
        .service(endpoint(&["/oauth2/revoke"]).route(web::post().to(revoke::revoke)))
        .service(endpoint(&["/oauth2/revoke-leaked"]).route(web::post().to(revoke_leaked::revoke_leaked)))
        // The appended forms, which many clients try beside the one of RFC 8414. At the root they are that one.
        .service(
            endpoint(&["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"])
                .route(web::get().to(metadata::authorization_server)),
        );
}

/// At the root there is no scope to say who reads the answers.
fn endpoint(paths: &[&str]) -> Resource {
    web::resource(paths.to_vec()).app_data(Audience::OAuth)
}

/// The routes under `/.well-known`, where RFC 8414 and RFC 9728 insert theirs before the path of the issuer.
pub(crate) fn well_known_routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/oauth-authorization-server/t/{org}").route(web::get().to(metadata::authorization_server)),
        )
        .service(
            web::resource([
                "/oauth-protected-resource/t/{org}/access-test",
                // Of an organization's own host name.
                "/oauth-protected-resource/access-test",
            ])
            .route(web::get().to(metadata::protected_resource)),
        )
        .service(web::resource("/countersign-token-format").route(web::get().to(token_format::token_format)));
}

/// What an authenticated client does, for a unit of work.
fn context(organization: &OrganizationEntry, client: &ClientEntry, request: &HttpRequest) -> Context {
    Context {
        organization: organization.id,
        actor: Actor::Client(client.id),
        via: Via::OAuth,
        request: request_id(request),
        source: Some(source(request)),
        reason: None,
    }
}

/// Counts a request that presented a token of the organization, and what became of it.
fn count_request(
    state: &AppState,
    organization: &OrganizationEntry,
    verdict: &Verdict,
    now: Timestamp,
    request: &HttpRequest,
) {
    if let Some(token) = &verdict.token {
        let decided =
            DecidedRequest { token: token.id, third_party: token.third_party, outcome: (&verdict.result).into() };
        state.store.usage().count_request(organization.id, decided, now, &address(request));
    }
}

/// An error that no endpoint answered itself, in the form of RFC 6749 section 5.2.
pub(crate) fn error_json(answer: &Answer) -> HttpResponse {
    let error = match answer.status {
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => "temporarily_unavailable",
        status if status.is_server_error() => "server_error",
        _ => "invalid_request",
    };
    HttpResponse::build(answer.status).json(ErrorDocument { error, error_description: &answer.detail })
}
