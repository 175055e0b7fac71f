//! `PATCH /api/v1/orgs/{org}/third-parties/{third_party}`

use actix_web::{HttpResponse, web};
use countersign_domain::ThirdPartyId;
use countersign_domain::third_party::Contact;
use countersign_domain::values::{EmailAddress, Note, PersonName, RedirectUri, ThirdPartyName};
use countersign_persistence::queries::third_parties::ThirdPartyDetail;
use serde::Deserialize;

use super::view::{ThirdPartyView, existing};
use crate::WebError;
use crate::api::json::{Request, Whole, nullable};
use crate::api::problem::BodyProblems;
use crate::api::query::Check;
use crate::caller::ManageThirdParties;
use crate::changes::third_parties::{self, ThirdPartyChanges};
use crate::state::AppState;

/// What to change of a third party: what is absent stays, what is null goes.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({ "enabled": true, "contact_name": null, "version": 3 }))]
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub(crate) struct ChangeThirdParty {
    /// Unique in the organization, without regard to case; 1 to 120 characters.
    #[schema(min_length = 1)]
    name: Option<String>,
    /// Whom to talk to.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    contact_name: Option<Option<String>>,
    /// Where mail goes.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    contact_email: Option<Option<String>>,
    /// What was reviewed with the third party; up to 4,000 characters.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    requirements: Option<Option<String>>,
    /// How it comes by its tokens: `manual` or `automatic`.
    #[schema(pattern = "^(manual|automatic)$")]
    mode: Option<String>,
    /// Whether its access is switched on.
    enabled: Option<bool>,
    /// The Callback URL (redirect URI).
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    callback_url: Option<Option<String>>,
    /// The version on which the change is based; with another one nothing is changed.
    #[schema(value_type = Option<u64>, maximum = 9_007_199_254_740_991_u64)]
    version: Option<Whole<u64>>,
}

/// Changes a third party
///
/// All of the change is made, or none. Whether the third party is Enabled counts from the next use of its tokens on.
#[utoipa::path(
    patch,
    path = "/api/v1/orgs/{org}/third-parties/{third_party}",
    tag = "Third parties",
    params(
        ("org" = String, Path, description = "The organization's slug", example = "acme"),
        ("third_party" = uuid::Uuid, Path, description = "Which third party")
    ),
    request_body = ChangeThirdParty,
    responses((status = 200, description = "The third party as it is now", body = ThirdPartyView), BodyProblems),
    security(("session" = ["ManageThirdParties"]))
)]
pub(crate) async fn change_third_party(
    state: web::Data<AppState>,
    path: web::Path<(String, ThirdPartyId)>,
    request: Request<ManageThirdParties, ChangeThirdParty>,
) -> Result<HttpResponse, WebError> {
    let ((_, id), Request { caller, body }) = (path.into_inner(), request);
    let before = existing(&state.store, &caller.organization, id).await?;
    let changes = checked(&body, &before)?;
    let client = before.client.map(|client| client.id);
    third_parties::update(&state.store, &caller.context(), &caller.organization, id, client, &changes).await?;
    let after = existing(&state.store, &caller.organization, id).await?;
    Ok(HttpResponse::Ok().json(ThirdPartyView::from(after)))
}

fn checked(body: &ChangeThirdParty, before: &ThirdPartyDetail) -> Result<ThirdPartyChanges, WebError> {
    let mut check = Check::default();
    let name = check.optional("name", body.name.as_deref(), ThirdPartyName::parse);
    let contact_name = check.nullable("contact_name", body.contact_name.as_ref(), PersonName::parse);
    let contact_email = check.nullable("contact_email", body.contact_email.as_ref(), EmailAddress::parse);
    let requirements = check.nullable("requirements", body.requirements.as_ref(), Note::parse);
    let mode = check.optional("mode", body.mode.as_deref(), str::parse);
    let callback_url = check.nullable("callback_url", body.callback_url.as_ref(), RedirectUri::parse);
    check.finish()?;
    // The contact changes as a whole: the half that was not sent stays what it is.
    let contact = (contact_name.is_some() || contact_email.is_some()).then(|| Contact {
        name: contact_name.unwrap_or_else(|| kept(before.contact_name.as_deref(), PersonName::parse)),
        email: contact_email.unwrap_or_else(|| kept(before.contact_email.as_deref(), EmailAddress::parse)),
    });
    Ok(ThirdPartyChanges {
        version: body.version.map(|version| version.0),
        name,
        contact,
        requirements,
        mode,
        enabled: body.enabled,
        callback_url,
        ..ThirdPartyChanges::default()
    })
}

/// A stored value as the one to keep.
fn kept<T, E>(stored: Option<&str>, parse: impl Fn(&str) -> Result<T, E>) -> Option<T> {
    stored.and_then(|text| parse(text).ok())
}
