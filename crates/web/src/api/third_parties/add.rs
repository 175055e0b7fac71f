//! `POST /api/v1/orgs/{org}/third-parties`

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpResponse, web};
use countersign_domain::third_party::Contact;
use countersign_domain::values::{ClientIdentifier, EmailAddress, Note, PersonName, RedirectUri, ThirdPartyName};
use serde::{Deserialize, Serialize};

use super::view::{ThirdPartyView, existing};
use crate::api::json::Request;
use crate::api::problem::BodyProblems;
use crate::api::query::Check;
use crate::caller::ManageThirdParties;
use crate::changes::third_parties::{self, ChosenCredentials, NewThirdParty};
use crate::state::AppState;
use crate::{WebError, chosen_secret};

/// A third party to be added. It starts switched off.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Brightside Payroll", "contact_name": "Noor Haddad", "contact_email": "noor@brightside.example"
}))]
pub(crate) struct AddThirdParty {
    /// Unique in the organization, without regard to case; 1 to 120 characters.
    #[schema(min_length = 1)]
    name: String,
    /// Whom to talk to.
    contact_name: Option<String>,
    /// Where mail goes.
    contact_email: Option<String>,
    /// What was reviewed with the third party; up to 4,000 characters.
    requirements: Option<String>,
    /// How it comes by its tokens: `manual` (default) or `automatic`.
    #[schema(pattern = "^(manual|automatic)$")]
    mode: Option<String>,
    /// The Callback URL (redirect URI).
    callback_url: Option<String>,
    /// The Client ID, unique in the organization; generated unless chosen.
    #[schema(pattern = "^[ -~]{1,200}$")]
    client_id: Option<String>,
    /// The Client Secret: 16 to 200 characters; generated unless chosen. Choose one only where the third party can't
    /// take ours.
    #[schema(pattern = "^[!-~][ -~]{14,198}[!-~]$")]
    client_secret: Option<String>,
}

/// A third party that was added, with the first secret of its client.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct AddedThirdParty {
    /// The third party.
    #[serde(flatten)]
    third_party: ThirdPartyView,
    /// The Client Secret, where one was generated. Shown only now.
    #[schema(example = "cs_sk_…")]
    client_secret: Option<String>,
}

/// Adds a third party with its Client ID and Client Secret
#[utoipa::path(
    post,
    path = "/api/v1/orgs/{org}/third-parties",
    tag = "Third parties",
    params(("org" = String, Path, description = "The organization's slug", example = "acme")),
    request_body = AddThirdParty,
    responses(
        (status = 201, description = "The third party was added; a generated Client Secret is shown only now",
            body = AddedThirdParty,
            headers(("Location" = String, description = "Where the third party is"))),
        BodyProblems
    ),
    security(("session" = ["ManageThirdParties"]))
)]
pub(crate) async fn add_third_party(
    state: web::Data<AppState>,
    request: Request<ManageThirdParties, AddThirdParty>,
) -> Result<HttpResponse, WebError> {
    let Request { caller, body } = request;
    let (new, mut chosen) = checked(&body)?;
    chosen.secret = chosen_secret::verifier(&state, body.client_secret.as_deref()).await?;
    let added = third_parties::add(&state.store, &caller.context(), &new, &chosen).await?;
    let detail = existing(&state.store, &caller.organization, added.id).await?;
    let location = format!("/api/v1/orgs/{}/third-parties/{}", caller.organization.slug, added.id);
    Ok(HttpResponse::Created().insert_header((LOCATION, location)).insert_header((CACHE_CONTROL, "no-store")).json(
        AddedThirdParty {
            third_party: detail.into(),
            client_secret: added.client_secret.map(|secret| secret.expose().to_owned()),
        },
    ))
}

fn checked(body: &AddThirdParty) -> Result<(NewThirdParty, ChosenCredentials), WebError> {
    let mut check = Check::default();
    let name = check.parse("name", &body.name, ThirdPartyName::parse);
    let contact = Contact {
        name: check.optional("contact_name", body.contact_name.as_deref(), PersonName::parse),
        email: check.optional("contact_email", body.contact_email.as_deref(), EmailAddress::parse),
    };
    let requirements = check.optional("requirements", body.requirements.as_deref(), Note::parse);
    let mode = check.optional("mode", body.mode.as_deref(), str::parse).unwrap_or_default();
    let callback_url = check.optional("callback_url", body.callback_url.as_deref(), RedirectUri::parse);
    let identifier = check.optional("client_id", body.client_id.as_deref(), ClientIdentifier::parse);
    check.optional("client_secret", body.client_secret.as_deref(), chosen_secret::check);
    check.finish()?;
    // The check has failed if there is no name.
    let name = name.ok_or(WebError::Internal)?;
    let new = NewThirdParty { name, contact, requirements, mode, callback_url };
    Ok((new, ChosenCredentials { identifier, secret: None }))
}
