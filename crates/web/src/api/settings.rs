//! `/api/v1/orgs/{org}/settings`

use actix_web::{HttpResponse, web};
use countersign_domain::OrganizationSettings;
use countersign_domain::values::{HostName, OrganizationName};
use serde::{Deserialize, Serialize};

use super::json::{Request, Whole, nullable};
use super::problem::{BodyProblems, ReadProblems};
use super::query::Check;
use crate::WebError;
use crate::caller::{ApiCaller, ManageSettings, ReadSettings};
use crate::changes::organization::{self, SettingsChanges};
use crate::state::AppState;

/// What is set in an organization.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "slug": "acme", "name": "Acme Energy", "issuers": ["https://access.example.com/t/acme", "https://access.acme.example"],
    "host_name": "access.acme.example", "maximum_token_months": 24, "default_token_months": 6,
    "maximum_expires_in": null, "default_expires_in": 3600, "sign_in_codes_required": false
}))]
pub(crate) struct SettingsView {
    /// The name in URLs, which stays.
    slug: String,
    /// The name for people.
    name: String,
    /// The issuer identifiers under which the OAuth endpoints are: one, or two with a host name of its own.
    issuers: Vec<String>,
    /// The host name of its own.
    host_name: Option<String>,
    /// The longest life of a manual token, in calendar months.
    maximum_token_months: u16,
    /// The life of a manual token for which no date is chosen, in calendar months.
    default_token_months: u16,
    /// The longest life of an access token, in seconds; null for none.
    maximum_expires_in: Option<u32>,
    /// The life of the access tokens of clients that are not set otherwise, in seconds.
    default_expires_in: u32,
    /// Whether members must sign in with codes (TOTP).
    sign_in_codes_required: bool,
}

impl SettingsView {
    fn of(state: &AppState, slug: &str, settings: OrganizationSettings) -> Self {
        Self {
            slug: slug.to_owned(),
            issuers: state.issuers(slug, settings.host.as_deref()),
            maximum_token_months: settings.maximum_token_months,
            default_token_months: settings.usual_token_months(),
            maximum_expires_in: settings.access_tokens.maximum,
            default_expires_in: settings.access_tokens.of(None),
            sign_in_codes_required: settings.sign_in_codes_required,
            name: settings.name,
            host_name: settings.host,
        }
    }
}

/// Reads the settings of the organization
#[utoipa::path(
    get,
    path = "/api/v1/orgs/{org}/settings",
    tag = "Organization",
    params(("org" = String, Path, description = "The organization's slug", example = "acme")),
    responses((status = 200, description = "What is set", body = SettingsView), ReadProblems),
    security(("session" = ["ReadSettings"]))
)]
pub(crate) async fn get_settings(
    state: web::Data<AppState>,
    caller: ApiCaller<ReadSettings>,
) -> Result<HttpResponse, WebError> {
    let settings = organization::settings(&state, caller.context()).await?;
    Ok(HttpResponse::Ok().json(SettingsView::of(&state, &caller.organization.slug, settings)))
}

/// What to change of an organization's settings: what is absent stays.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({ "default_token_months": 3, "maximum_expires_in": 7200 }))]
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub(crate) struct ChangeSettings {
    /// The name for people.
    name: Option<String>,
    /// The host name of its own; null for none.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    host_name: Option<Option<String>>,
    /// The longest life of a manual token, in calendar months. Tokens that are there keep theirs.
    #[schema(value_type = Option<u16>, minimum = 1, maximum = 120)]
    maximum_token_months: Option<Whole<u16>>,
    /// The life of a manual token for which no date is chosen, in calendar months, within the longest.
    #[schema(value_type = Option<u16>, minimum = 1, maximum = 120)]
    default_token_months: Option<Whole<u16>>,
    /// The longest life of an access token, in seconds; null for none. What clients are set to beyond it is cut when
    /// their tokens are issued.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<u32>, minimum = 60, maximum = 315_360_000)]
    maximum_expires_in: Option<Option<Whole<u32>>>,
    /// The life of the access tokens of clients that are not set otherwise, in seconds, within the longest.
    #[schema(value_type = Option<u32>, minimum = 60, maximum = 315_360_000)]
    default_expires_in: Option<Whole<u32>>,
    /// Whether members must sign in with codes (TOTP). Who requires it must have them.
    sign_in_codes_required: Option<bool>,
}

/// Changes the settings of the organization
///
/// All of the change is made, or none.
#[utoipa::path(
    patch,
    path = "/api/v1/orgs/{org}/settings",
    tag = "Organization",
    params(("org" = String, Path, description = "The organization's slug", example = "acme")),
    request_body = ChangeSettings,
    responses((status = 200, description = "What is set now", body = SettingsView), BodyProblems),
    security(("session" = ["ManageSettings"]))
)]
pub(crate) async fn change_settings(
    state: web::Data<AppState>,
    request: Request<ManageSettings, ChangeSettings>,
) -> Result<HttpResponse, WebError> {
    let Request { caller, body } = request;
    let changes = checked(&body)?;
    organization::change(&state, &caller.context(), caller.session(), &changes).await?;
    let settings = organization::settings(&state, caller.context()).await?;
    Ok(HttpResponse::Ok().json(SettingsView::of(&state, &caller.organization.slug, settings)))
}

fn checked(body: &ChangeSettings) -> Result<SettingsChanges, WebError> {
    let mut check = Check::default();
    let changes = SettingsChanges {
        version: None,
        name: check.optional("name", body.name.as_deref(), OrganizationName::parse),
        host: check.nullable("host_name", body.host_name.as_ref(), HostName::parse),
        maximum_token_months: body.maximum_token_months.map(|months| months.0),
        default_token_months: body.default_token_months.map(|months| months.0),
        maximum_access_token_seconds: body.maximum_expires_in.map(|seconds| seconds.map(|seconds| seconds.0)),
        default_access_token_seconds: body.default_expires_in.map(|seconds| seconds.0),
        sign_in_codes_required: body.sign_in_codes_required,
    };
    check.finish()?;
    Ok(changes)
}
