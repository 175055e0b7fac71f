//! One organization of a customer: how much there is in it, its name and its host name.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::Digest;
use countersign_domain::values::{HostName, Note, OrganizationName, Slug};
use countersign_persistence::queries::installation::{MOST_COUNTED, OrganizationFacts};
use countersign_persistence::{StoreError, clock};
use jiff::Timestamp;
use serde::Serialize;

use super::super::page::{Field, Frame, Section, html, see_other};
use super::super::refusal::Refusal;
use super::{OrganizationLine, load};
use crate::WebError;
use crate::caller::{OperateInstallation, Operator};
use crate::changes::organizations::{self, OrganizationChanges, SignInLink};
use crate::error::FieldError;
use crate::form::{Fields, SignedForm};
use crate::state::AppState;

#[derive(Serialize)]
struct OrganizationPage {
    page: Frame,
    organization: OrganizationLine,
    version: String,
    issuer: String,
    suspended: bool,
    created_at: Timestamp,
    created_unix: i64,
    members: u64,
    third_parties: u64,
    clients: u64,
    active_tokens: u64,
    at_least: bool,
    position: u64,
    last_event_at: Timestamp,
    last_event_unix: i64,
    link: Option<LinkLine>,
    form: Form,
}

/// A sign-in link, the one time it is shown.
#[derive(Serialize)]
struct LinkLine {
    href: String,
    expires_at: Timestamp,
}

#[derive(Serialize)]
struct Form {
    name: Field,
    host_name: Field,
    reason: Field,
}

impl Form {
    fn saved(facts: &OrganizationFacts) -> Self {
        let host_name = Field::of(facts.summary.host.clone().unwrap_or_default());
        Self { name: Field::of(&facts.summary.name), host_name, reason: Field::default() }
    }

    fn typed(fields: &Fields, errors: &[FieldError]) -> Self {
        let field = |name| Field::typed(fields, name).marked(name, errors);
        Self { name: field("name"), host_name: field("host_name"), reason: field("reason") }
    }

    fn compared_with(self, saved: &Self) -> Self {
        Self {
            name: self.name.compared_with(&saved.name),
            host_name: self.host_name.compared_with(&saved.host_name),
            ..self
        }
    }
}

/// `GET /operator/organizations/{organization}`
pub(in crate::admin) async fn show(
    state: web::Data<AppState>,
    request: HttpRequest,
    operator: Operator,
    slug: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    let facts = load(&state, &slug, clock::now()).await?;
    let page = Frame::load(&state, &request, &operator, Section::Organizations).await?;
    render(&state, StatusCode::OK, page, &facts, Form::saved(&facts), None)
}

/// `POST /operator/organizations/{organization}`
pub(in crate::admin) async fn save(
    state: web::Data<AppState>,
    request: HttpRequest,
    form: SignedForm<OperateInstallation>,
    slug: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    let SignedForm { caller: operator, fields } = form;
    let facts = load(&state, &slug, clock::now()).await?;
    match update(&state, &operator, &fields, &facts).await {
        Ok(()) => Ok(see_other(&format!("{}?done=saved", OrganizationLine::of(&facts).href))),
        Err(error) => {
            let Refusal { status, errors, is_overtaken } = Refusal::of(error)?;
            let mut form = Form::typed(&fields, &errors);
            if is_overtaken {
                form = form.compared_with(&Form::saved(&facts));
            }
            let page = Frame::load(&state, &request, &operator, Section::Organizations).await?.with_errors(errors);
            render(&state, status, page, &facts, form, None)
        }
    }
}

/// The page of a new organization, with the link by which its first owner signs in.
pub(super) async fn reveal(
    state: &web::Data<AppState>,
    request: &HttpRequest,
    operator: &Operator,
    slug: &Slug,
    link: SignInLink,
) -> Result<HttpResponse, WebError> {
    let facts = load(state, slug.as_str(), clock::now()).await?;
    let page = Frame::load(state, request, operator, Section::Organizations).await?.with_flash("organization-added");
    render(state, StatusCode::OK, page, &facts, Form::saved(&facts), Some(link))
}

async fn update(
    state: &AppState,
    operator: &Operator,
    fields: &Fields,
    facts: &OrganizationFacts,
) -> Result<(), WebError> {
    let mut errors = Vec::new();
    let name = fields.required("name", &mut errors, OrganizationName::parse);
    let host = fields.optional("host_name", &mut errors, |text| HostName::parse(text.trim()));
    let reason = fields.optional("reason", &mut errors, Note::parse);
    if !errors.is_empty() {
        return Err(WebError::Invalid(errors));
    }
    if fields.get("version") != version(facts) {
        return Err(StoreError::ChangedMeanwhile.into());
    }
    let changes = OrganizationChanges { name, host: Some(host), suspended: None, reason };
    organizations::change(state, &operator.context(), facts.summary.id, &changes).await
}

/// By what a form is recognized as overtaken: all that can be changed on its page.
fn version(facts: &OrganizationFacts) -> String {
    let saved = format!("{:?}", (&facts.summary.name, &facts.summary.host));
    hex::encode(&Digest::of(&saved).0[..8])
}

fn render(
    state: &web::Data<AppState>,
    status: StatusCode,
    page: Frame,
    facts: &OrganizationFacts,
    form: Form,
    link: Option<SignInLink>,
) -> Result<HttpResponse, WebError> {
    let summary = &facts.summary;
    let issuer = match &summary.host {
        Some(host) => state.issuer_of_host(host),
        None => state.issuer_of_slug(&summary.slug),
    };
    let view = OrganizationPage {
        organization: OrganizationLine::of(facts),
        version: version(facts),
        issuer,
        suspended: summary.suspended,
        created_at: summary.created_at,
        created_unix: summary.created_at.as_second(),
        members: facts.members,
        third_parties: facts.third_parties,
        clients: facts.clients,
        active_tokens: facts.active_tokens.min(MOST_COUNTED),
        at_least: facts.active_tokens > MOST_COUNTED,
        position: facts.position,
        last_event_at: facts.last_event_at,
        last_event_unix: facts.last_event_at.as_second(),
        link: link.map(|link| LinkLine { href: link.href, expires_at: link.expires_at }),
        form,
        page,
    };
    html(state, status, "operator-organization", &view)
}
