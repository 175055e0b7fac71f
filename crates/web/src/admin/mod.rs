//! The pages: server-rendered, and whole without a script.
//!
//! Every page stands in one table with the right that it takes. The table is what is registered, so a page without a
//! declared right can't slip in; the tests compare the rights with what the pages really refuse.

mod audit;
mod calendar;
mod charts;
mod client;
mod clients;
mod confirmation;
pub(crate) mod consent;
mod credential;
mod docs;
mod failure;
mod home;
mod jobs;
mod listing;
mod member;
mod members;
mod operator;
mod overview;
mod page;
mod pager;
mod profile;
mod refusal;
mod return_to;
mod secrets;
mod settings;
mod sign_in;
mod sign_in_code;
mod step_up;
mod third_parties;
mod third_party;
mod timeline;
mod user_agent;

use actix_web::web;
use countersign_domain::Right;

pub(crate) use charts::grouped;
pub(crate) use failure::error_page;

/// A page, or a form that is sent to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// The right that it takes; `None` where no organization is entered.
    pub right: Option<Right>,
}

macro_rules! pages {
    ($($path:literal: { $($method:ident $right:expr => $handler:path),+ $(,)? })+) => {
        /// Every page.
        pub const PAGES: &[Page] =
            &[$($(Page { method: pages!(@ $method), path: $path, right: $right }),+),+];

        /// The addresses of the pages.
        pub(crate) fn routes(config: &mut web::ServiceConfig) {
            config$(.service(web::resource($path)$(.route(web::$method().to($handler)))+))+;
        }
    };
    (@ get) => { "GET" };
    (@ post) => { "POST" };
}

pages! {
    "/": { get None => home::start }
    "/docs/api": { get None => docs::show }
    "/docs/api/try": { get None => docs::try_out::enter }
    "/docs/api/try/": { get None => docs::try_out::index }
    "/docs/api/try/{file}": { get None => docs::try_out::file }
    "/login": { get None => sign_in::form, post None => sign_in::submit }
    "/login/code": { get None => sign_in_code::form, post None => sign_in_code::submit }
    "/logout": { post None => sign_in::logout }
    "/orgs": { get None => home::organizations }
    "/o/{org}": { get Some(Right::UseOwnProfile) => overview::show }
    "/o/{org}/sign-in/{secret}": { get None => sign_in::by_link }
    "/o/{org}/profile": {
        get Some(Right::UseOwnProfile) => profile::show,
        post Some(Right::UseOwnProfile) => profile::submit,
    }
    "/o/{org}/profile/sign-in-codes": {
        get Some(Right::UseOwnProfile) => profile::sign_in_codes::show,
        post Some(Right::UseOwnProfile) => profile::sign_in_codes::submit,
    }
    "/o/{org}/third-parties": { get Some(Right::ReadThirdParties) => third_parties::list }
    "/o/{org}/third-parties/new": {
        get Some(Right::ManageThirdParties) => third_party::new::form,
        post Some(Right::ManageThirdParties) => third_party::new::submit,
    }
    "/o/{org}/third-parties/{id}": {
        get Some(Right::ReadThirdParties) => third_party::show,
        post Some(Right::ManageThirdParties) => third_party::save,
    }
    "/o/{org}/third-parties/{id}/delete": {
        get Some(Right::ManageThirdParties) => third_party::delete::form,
        post Some(Right::ManageThirdParties) => third_party::delete::submit,
    }
    "/o/{org}/third-parties/{id}/test": {
        get Some(Right::ManageThirdParties) => third_party::access_test::form,
        post Some(Right::ManageThirdParties) => third_party::access_test::submit,
    }
    "/o/{org}/third-parties/{id}/tokens/{token}": {
        get Some(Right::ReadThirdParties) => third_party::token::show,
        post Some(Right::ManageThirdParties) => third_party::token::save,
    }
    "/o/{org}/clients": { get Some(Right::ReadThirdParties) => clients::list }
    "/o/{org}/clients/new": {
        get Some(Right::ManageThirdParties) => client::new::form,
        post Some(Right::ManageThirdParties) => client::new::submit,
    }
    "/o/{org}/clients/{id}": {
        get Some(Right::ReadThirdParties) => client::show,
        post Some(Right::ManageThirdParties) => client::save,
    }
    "/o/{org}/clients/{id}/delete": {
        get Some(Right::ManageThirdParties) => client::delete::form,
        post Some(Right::ManageThirdParties) => client::delete::submit,
    }
    "/o/{org}/calendar": { get Some(Right::ReadThirdParties) => calendar::show }
    "/o/{org}/calendar.ics": { get Some(Right::ReadThirdParties) => calendar::file }
    "/o/{org}/audit": { get Some(Right::ReadAudit) => audit::timeline }
    "/o/{org}/audit/exports": { post Some(Right::ReadAudit) => audit::export }
    "/o/{org}/jobs": { get Some(Right::ReadAudit) => jobs::list }
    "/o/{org}/jobs/{job}": { get Some(Right::ReadAudit) => jobs::show, post Some(Right::ReadAudit) => jobs::end }
    "/o/{org}/jobs/{job}/result": { get Some(Right::ReadAudit) => jobs::result }
    "/o/{org}/members": { get Some(Right::ReadMembers) => members::list }
    "/o/{org}/members/new": {
        get Some(Right::ManageMembers) => member::new::form,
        post Some(Right::ManageMembers) => member::new::submit,
    }
    "/o/{org}/members/{id}": {
        get Some(Right::ReadMembers) => member::show,
        post Some(Right::ManageMembers) => member::save,
    }
    "/o/{org}/members/{id}/sign-in-link": {
        get Some(Right::ManageMembers) => member::action::form,
        post Some(Right::ManageMembers) => member::action::submit,
    }
    "/o/{org}/members/{id}/end-sessions": {
        get Some(Right::ManageMembers) => member::action::form,
        post Some(Right::ManageMembers) => member::action::submit,
    }
    "/o/{org}/members/{id}/reset-sign-in-codes": {
        get Some(Right::ManageMembers) => member::action::form,
        post Some(Right::ManageMembers) => member::action::submit,
    }
    "/o/{org}/settings": {
        get Some(Right::ReadSettings) => settings::show,
        post Some(Right::ManageSettings) => settings::save,
    }
    "/o/{org}/settings/api-keys": { get Some(Right::ReadSettings) => settings::api_keys::list }
    "/o/{org}/settings/api-keys/new": {
        get Some(Right::ManageThirdParties) => settings::new_api_key::form,
        post Some(Right::ManageThirdParties) => settings::new_api_key::submit,
    }
    "/operator": { get Some(Right::OperateInstallation) => operator::start }
    "/operator/health": { get Some(Right::OperateInstallation) => operator::health::show }
    "/operator/organizations": { get Some(Right::OperateInstallation) => operator::organizations::list }
    "/operator/organizations/new": {
        get Some(Right::OperateInstallation) => operator::new::form,
        post Some(Right::OperateInstallation) => operator::new::submit,
    }
    "/operator/organizations/{organization}": {
        get Some(Right::OperateInstallation) => operator::organization::show,
        post Some(Right::OperateInstallation) => operator::organization::save,
    }
    "/operator/organizations/{organization}/suspend": {
        get Some(Right::OperateInstallation) => operator::suspension::form,
        post Some(Right::OperateInstallation) => operator::suspension::submit,
    }
    "/operator/organizations/{organization}/resume": {
        get Some(Right::OperateInstallation) => operator::suspension::form,
        post Some(Right::OperateInstallation) => operator::suspension::submit,
    }
}
