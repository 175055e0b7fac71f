//! The JSON API: what members' own programs do, under `/api/v1`, with a session or an API key's access token as bearer
//! token.

mod access_test;
mod audit;
mod clients;
mod expirations;
mod jobs;
mod json;
mod members;
mod openapi;
mod operator;
mod organization;
mod overview;
mod problem;
mod query;
mod requests;
mod routes;
mod secrets;
mod sessions;
mod settings;
mod third_parties;
mod tokens;

use actix_web::web;

pub use openapi::openapi_json;
pub(crate) use problem::problem;
pub use routes::Route;
use routes::api_routes;

// `Open` where no organization is entered.
api_routes! {
    "/openapi.json": { get Open => openapi::openapi }
    "/v1/sessions": { post Open => sessions::create::create_session }
    "/v1/sessions/current": { delete Open => sessions::end::end_session }
    "/v1/sessions/current/confirmation": { post Open => sessions::confirm::confirm_session }
    "/v1/operator/health": { get OperateInstallation => operator::get_health::get_health }
    "/v1/operator/organizations": {
        get OperateInstallation => operator::list_organizations::list_organizations,
        post OperateInstallation => operator::add_organization::add_organization,
    }
    "/v1/operator/organizations/{organization}": {
        get OperateInstallation => operator::get_organization::get_operated_organization,
        patch OperateInstallation => operator::change_organization::change_organization,
    }
    "/v1/orgs/{org}/organization": { get UseOwnProfile => organization::get_organization }
    "/v1/orgs/{org}/overview": { get ReadThirdParties => overview::get_overview }
    "/v1/orgs/{org}/expirations": { get ReadThirdParties => expirations::list_expirations }
    "/v1/orgs/{org}/audit": { get ReadAudit => audit::list_audit }
    "/v1/orgs/{org}/audit/exports": { post ReadAudit => jobs::export_audit::export_audit }
    "/v1/orgs/{org}/jobs": { get ReadAudit => jobs::list::list_jobs }
    "/v1/orgs/{org}/jobs/{job}": { get ReadAudit => jobs::get::get_job, delete ReadAudit => jobs::end::end_job }
    "/v1/orgs/{org}/jobs/{job}/result": { get ReadAudit => jobs::result::get_job_result }
    "/v1/orgs/{org}/clients": {
        get ReadThirdParties => clients::list::list_clients,
        post ManageThirdParties => clients::add::add_client,
    }
    "/v1/orgs/{org}/clients/{client}": {
        get ReadThirdParties => clients::get::get_client,
        patch ManageThirdParties => clients::change::change_client,
        delete ManageThirdParties => clients::delete::delete_client,
    }
    "/v1/orgs/{org}/clients/{client}/secrets": { post ManageThirdParties => clients::add_secret::add_client_secret }
    "/v1/orgs/{org}/clients/{client}/secrets/{secret}": {
        delete ManageThirdParties => clients::remove_secret::remove_client_secret,
    }
    "/v1/orgs/{org}/members": {
        get ReadMembers => members::list::list_members,
        post ManageMembers => members::add::add_member,
    }
    "/v1/orgs/{org}/members/{member}": {
        get ReadMembers => members::get::get_member,
        patch ManageMembers => members::change::change_member,
    }
    "/v1/orgs/{org}/members/{member}/sign-in-link": {
        post ManageMembers => members::sign_in_link::create_sign_in_link,
    }
    "/v1/orgs/{org}/members/{member}/end-sessions": {
        post ManageMembers => members::end_sessions::end_member_sessions,
    }
    "/v1/orgs/{org}/members/{member}/reset-sign-in-codes": {
        post ManageMembers => members::reset_sign_in_codes::reset_sign_in_codes,
    }
    "/v1/orgs/{org}/settings": {
        get ReadSettings => settings::get_settings,
        patch ManageSettings => settings::change_settings,
    }
    "/v1/orgs/{org}/third-parties": {
        get ReadThirdParties => third_parties::list::list_third_parties,
        post ManageThirdParties => third_parties::add::add_third_party,
    }
    "/v1/orgs/{org}/third-parties/{third_party}": {
        get ReadThirdParties => third_parties::get::get_third_party,
        patch ManageThirdParties => third_parties::change::change_third_party,
        delete ManageThirdParties => third_parties::delete::delete_third_party,
    }
    "/v1/orgs/{org}/third-parties/{third_party}/access-test": {
        post ReadThirdParties => access_test::test_third_party_access,
    }
    "/v1/orgs/{org}/third-parties/{third_party}/requests": { get ReadThirdParties => requests::get_requests }
    "/v1/orgs/{org}/third-parties/{third_party}/tokens": { post ManageThirdParties => tokens::add::add_token }
    "/v1/orgs/{org}/third-parties/{third_party}/tokens/{token}": {
        get ReadThirdParties => tokens::get::get_token,
        patch ManageThirdParties => tokens::change::change_token,
        delete ManageThirdParties => tokens::revoke::revoke_token,
    }
    "/v1/orgs/{org}/third-parties/{third_party}/secrets": { post ManageThirdParties => secrets::add::add_secret }
    "/v1/orgs/{org}/third-parties/{third_party}/secrets/{secret}": {
        delete ManageThirdParties => secrets::remove::remove_secret,
    }
}
