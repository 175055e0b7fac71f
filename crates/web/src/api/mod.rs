//! The JSON API: what members' own programs do, under `/api/v1`, with a session as bearer token.

mod access_test;
mod audit;
mod clients;
mod json;
mod members;
mod openapi;
mod organization;
mod problem;
mod query;
mod secrets;
mod sessions;
mod third_parties;
mod tokens;

use actix_web::web;

pub use openapi::openapi_json;
pub(crate) use problem::problem;

/// The routes under `/api`.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.service(web::resource("/openapi.json").route(web::get().to(openapi::openapi))).service(
        web::scope("/v1")
            .service(web::resource("/sessions").route(web::post().to(sessions::create::create_session)))
            .service(web::resource("/sessions/current").route(web::delete().to(sessions::end::end_session)))
            .service(
                web::resource("/sessions/current/confirmation")
                    .route(web::post().to(sessions::confirm::confirm_session)),
            )
            .service(web::scope("/orgs/{org}").configure(of_organization)),
    );
}

/// The routes under `/api/v1/orgs/{org}`.
fn of_organization(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/organization").route(web::get().to(organization::get_organization)))
        .service(web::resource("/audit").route(web::get().to(audit::list_audit)))
        .service(
            web::resource("/clients")
                .route(web::get().to(clients::list::list_clients))
                .route(web::post().to(clients::add::add_client)),
        )
        .service(
            web::resource("/clients/{client}")
                .route(web::get().to(clients::get::get_client))
                .route(web::patch().to(clients::change::change_client))
                .route(web::delete().to(clients::delete::delete_client)),
        )
        .service(
            web::resource("/clients/{client}/secrets").route(web::post().to(clients::add_secret::add_client_secret)),
        )
        .service(
            web::resource("/clients/{client}/secrets/{secret}")
                .route(web::delete().to(clients::remove_secret::remove_client_secret)),
        )
        .service(
            web::resource("/members")
                .route(web::get().to(members::list::list_members))
                .route(web::post().to(members::add::add_member)),
        )
        .service(
            web::resource("/members/{member}")
                .route(web::get().to(members::get::get_member))
                .route(web::patch().to(members::change::change_member)),
        )
        .service(
            web::resource("/members/{member}/sign-in-link")
                .route(web::post().to(members::sign_in_link::create_sign_in_link)),
        )
        .service(
            web::resource("/members/{member}/end-sessions")
                .route(web::post().to(members::end_sessions::end_member_sessions)),
        )
        .service(
            web::resource("/members/{member}/reset-sign-in-codes")
                .route(web::post().to(members::reset_sign_in_codes::reset_sign_in_codes)),
        )
        .service(
            web::resource("/third-parties")
                .route(web::get().to(third_parties::list::list_third_parties))
                .route(web::post().to(third_parties::add::add_third_party)),
        )
        .service(
            web::resource("/third-parties/{third_party}")
                .route(web::get().to(third_parties::get::get_third_party))
                .route(web::patch().to(third_parties::change::change_third_party))
                .route(web::delete().to(third_parties::delete::delete_third_party)),
        )
        .service(
            web::resource("/third-parties/{third_party}/access-test")
                .route(web::post().to(access_test::test_third_party_access)),
        )
        .service(web::resource("/third-parties/{third_party}/tokens").route(web::post().to(tokens::add::add_token)))
        .service(
            web::resource("/third-parties/{third_party}/tokens/{token}")
                .route(web::get().to(tokens::get::get_token))
                .route(web::patch().to(tokens::change::change_token))
                .route(web::delete().to(tokens::revoke::revoke_token)),
        )
        .service(web::resource("/third-parties/{third_party}/secrets").route(web::post().to(secrets::add::add_secret)))
        .service(
            web::resource("/third-parties/{third_party}/secrets/{secret}")
                .route(web::delete().to(secrets::remove::remove_secret)),
        );
}
