//! Adding a client.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::client::ClientType;
use countersign_domain::values::{ClientIdentifier, InvalidValue, ThirdPartyName};
use countersign_domain::{AccessTokenLifetimes, ClientId, Secret, ThirdPartyId};
use countersign_persistence::queries::third_parties;
use serde::Serialize;

use super::super::page::{Field, Frame, Section, Switch, base, html, see_other};
use super::super::refusal::Refusal;
use super::{form, reveal};
use crate::caller::{Caller, ManageThirdParties};
use crate::changes::clients::{self, NewClient, SettingsChanges};
use crate::error::FieldError;
use crate::form::{Fields, SignedForm};
use crate::state::AppState;
use crate::{WebError, chosen_secret};

const PUBLIC: &str = "public";
const OWN_SECRET: &str = "own";

#[derive(Serialize)]
struct NewClientPage {
    page: Frame,
    expires_in_hint: String,
    form: NewForm,
    more: bool,
}

#[derive(Serialize)]
struct NewForm {
    client_id: Field,
    has_own_secret: bool,
    /// Without what was typed: a page never holds a secret that could be read from it.
    client_secret: Field,
    expires_in: Field,
    active: Switch,
    third_party: Field,
    redirect_uris: Field,
    scopes: Field,
    is_public: bool,
}

impl NewForm {
    fn empty(third_party: String, lifetimes: AccessTokenLifetimes) -> Self {
        Self {
            client_id: Field::default(),
            has_own_secret: false,
            client_secret: Field::default(),
            expires_in: Field::of(lifetimes.of(None).to_string()),
            active: Switch::of(true),
            third_party: Field::of(third_party),
            redirect_uris: Field::default(),
            scopes: Field::default(),
            is_public: false,
        }
    }

    fn typed(fields: &Fields, errors: &[FieldError]) -> Self {
        let field = |name| Field::typed(fields, name).marked(name, errors);
        Self {
            client_id: field("client_id"),
            has_own_secret: has_own_secret(fields),
            client_secret: Field::default().marked("client_secret", errors),
            expires_in: field("expires_in"),
            active: Switch::typed(fields, "active", errors),
            third_party: field("third_party"),
            redirect_uris: field("redirect_uris"),
            scopes: field("scopes"),
            is_public: is_public(fields),
        }
    }

    /// Whether anything stands in the part of the form that few need.
    fn uses_more(&self) -> bool {
        let fields = [&self.third_party, &self.redirect_uris, &self.scopes];
        self.is_public || fields.iter().any(|field| !field.value.is_empty() || field.error.is_some())
    }
}

/// `GET /o/{org}/clients/new`
pub(in crate::admin) async fn form(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<ManageThirdParties>,
) -> Result<HttpResponse, WebError> {
    let page = Frame::load(&state, &request, &caller, Section::Clients).await?;
    let third_party = match Fields::of_query(&request).get("third_party").parse::<ThirdPartyId>() {
        Ok(id) => third_parties::get(&state.store, caller.organization.id, id).await?,
        Err(_) => None,
    };
    let name = third_party.filter(|third_party| !third_party.deleted).map(|third_party| third_party.name);
    let hint = form::lifetime_hint(caller.organization.access_tokens, None);
    render(
        &state,
        StatusCode::OK,
        page,
        hint,
        NewForm::empty(name.unwrap_or_default(), caller.organization.access_tokens),
    )
}

/// `POST /o/{org}/clients/new`
pub(in crate::admin) async fn submit(
    state: web::Data<AppState>,
    request: HttpRequest,
    form: SignedForm<ManageThirdParties>,
) -> Result<HttpResponse, WebError> {
    let SignedForm { caller, fields } = form;
    match add(&state, &caller, &fields).await {
        Ok((id, Some(secret))) => reveal(&state, &request, &caller, id, secret, "client-added").await,
        Ok((id, None)) => {
            let how = if is_public(&fields) { "without-secret" } else { "by-chosen-secret" };
            Ok(see_other(&format!("{}/clients/{id}?done=client-added-{how}", base(&caller.organization.slug))))
        }
        Err(error) => {
            let Refusal { status, mut errors, .. } = Refusal::of(error)?;
            if !fields.get("client_secret").is_empty() && errors.iter().all(|error| error.field != "client_secret") {
                let message = "Enter the Client Secret again: a page does not keep it";
                errors.push(FieldError::new("client_secret", &message));
            }
            let form = NewForm::typed(&fields, &errors);
            let page = Frame::load(&state, &request, &caller, Section::Clients).await?.with_errors(errors);
            let hint = form::lifetime_hint(caller.organization.access_tokens, None);
            render(&state, status, page, hint, form)
        }
    }
}

fn render(
    state: &web::Data<AppState>,
    status: StatusCode,
    page: Frame,
    expires_in_hint: String,
    form: NewForm,
) -> Result<HttpResponse, WebError> {
    html(state, status, "client-new", &NewClientPage { more: form.uses_more(), page, expires_in_hint, form })
}

async fn add(
    state: &AppState,
    caller: &Caller<ManageThirdParties>,
    fields: &Fields,
) -> Result<(ClientId, Option<Secret>), WebError> {
    let mut errors = Vec::new();
    let identifier = fields.required("client_id", &mut errors, |text| match text.trim() {
        "" => Err(InvalidValue("Enter a Client ID".into())),
        text => ClientIdentifier::parse(text),
    });
    if has_own_secret(fields) {
        fields.required("client_secret", &mut errors, own_secret(fields));
    }
    let typed = form::read(fields, &mut errors);
    let name = fields.optional("third_party", &mut errors, ThirdPartyName::parse);
    let third_party = match &name {
        Some(name) => third_parties::by_name(&state.store, caller.organization.id, name).await?,
        None => None,
    };
    if name.is_some() && third_party.is_none() {
        let message = "There is no third party of this name: enter it as its page shows it, or leave it empty";
        errors.push(FieldError::new("third_party", &message));
    }
    if !errors.is_empty() {
        return Err(WebError::Invalid(errors));
    }
    let secret = has_own_secret(fields).then(|| fields.get("client_secret"));
    let new = NewClient {
        identifier,
        client_type: if is_public(fields) { ClientType::Public } else { ClientType::Confidential },
        third_party,
        redirect_uris: typed.redirect_uris,
        scopes: typed.scopes,
        settings: SettingsChanges { access_token_lifetime: Some(typed.expires_in), ..SettingsChanges::default() },
        active: fields.is_ticked("active"),
        chosen_secret: chosen_secret::verifier(state, secret).await?,
    };
    clients::register(&state.store, &caller.context(), &caller.organization, &caller.rights(), &new).await
}

/// What is accepted as a Client Secret of the client's own.
fn own_secret(fields: &Fields) -> impl Fn(&str) -> Result<(), InvalidValue> {
    let is_public = is_public(fields);
    move |text| match text {
        _ if is_public => Err(InvalidValue("A public client has no Client Secret: choose to generate it".into())),
        "" => Err(InvalidValue("Enter the Client Secret, or let one be generated".into())),
        text => chosen_secret::check(text),
    }
}

fn has_own_secret(fields: &Fields) -> bool {
    fields.get("secret") == OWN_SECRET
}

fn is_public(fields: &Fields) -> bool {
    fields.get("type") == PUBLIC
}
