//! Beginning an organization.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::InvalidValue;
use countersign_domain::values::{EmailAddress, Note, OrganizationName, PersonName, Slug};
use serde::Serialize;

use super::super::page::{Field, Frame, Section, html, see_other};
use super::super::refusal::Refusal;
use super::{list_href, organization};
use crate::WebError;
use crate::caller::{OperateInstallation, Operator};
use crate::changes::organizations::{self, NewOrganization};
use crate::error::FieldError;
use crate::form::{Fields, SignedForm};
use crate::state::AppState;

#[derive(Serialize)]
struct NewPage {
    page: Frame,
    form: NewForm,
}

#[derive(Default, Serialize)]
struct NewForm {
    slug: Field,
    name: Field,
    owner_email: Field,
    owner_name: Field,
    reason: Field,
}

impl NewForm {
    fn typed(fields: &Fields, errors: &[FieldError]) -> Self {
        let field = |name| Field::typed(fields, name).marked(name, errors);
        Self {
            slug: field("slug"),
            name: field("name"),
            owner_email: field("owner_email"),
            owner_name: field("owner_name"),
            reason: field("reason"),
        }
    }
}

/// `GET /operator/organizations/new`
pub(in crate::admin) async fn form(
    state: web::Data<AppState>,
    request: HttpRequest,
    operator: Operator,
) -> Result<HttpResponse, WebError> {
    let page = Frame::load(&state, &request, &operator, Section::Organizations).await?;
    html(&state, StatusCode::OK, "operator-organization-new", &NewPage { page, form: NewForm::default() })
}

/// `POST /operator/organizations/new`
pub(in crate::admin) async fn submit(
    state: web::Data<AppState>,
    request: HttpRequest,
    form: SignedForm<OperateInstallation>,
) -> Result<HttpResponse, WebError> {
    let SignedForm { caller: operator, fields } = form;
    let added = match read(&fields) {
        Ok(new) => organizations::create(&state, &operator.context(), &new).await.map(|link| (new.slug, link)),
        Err(errors) => Err(WebError::Invalid(errors)),
    };
    match added {
        Ok((slug, Some(link))) => organization::reveal(&state, &request, &operator, &slug, link).await,
        Ok((slug, None)) => Ok(see_other(&format!("{}/{slug}?done=organization-added-without-owner", list_href()))),
        Err(error) => {
            let Refusal { status, errors, .. } = Refusal::of(error)?;
            let form = NewForm::typed(&fields, &errors);
            let page = Frame::load(&state, &request, &operator, Section::Organizations).await?.with_errors(errors);
            html(&state, status, "operator-organization-new", &NewPage { page, form })
        }
    }
}

fn read(fields: &Fields) -> Result<NewOrganization, Vec<FieldError>> {
    let mut errors = Vec::new();
    let slug = fields.required("slug", &mut errors, |text| Slug::parse(text.trim()));
    let name = fields.required("name", &mut errors, OrganizationName::parse);
    let has_owner = ["owner_email", "owner_name"].iter().any(|name| !fields.get(name).trim().is_empty());
    let owner = has_owner.then(|| {
        let missing = |what: &str| InvalidValue(format!("Enter {what} of the first owner, or leave both empty").into());
        let email = fields.required("owner_email", &mut errors, |text| match text.trim() {
            "" => Err(missing("the e-mail address")),
            text => EmailAddress::parse(text),
        });
        let name = fields.required("owner_name", &mut errors, |text| match text.trim() {
            "" => Err(missing("the name")),
            text => PersonName::parse(text),
        });
        email.zip(name)
    });
    let reason = fields.optional("reason", &mut errors, Note::parse);
    match (slug, name) {
        (Some(slug), Some(name)) if errors.is_empty() => {
            Ok(NewOrganization { slug, name, owner: owner.flatten(), reason })
        }
        _ => Err(errors),
    }
}
