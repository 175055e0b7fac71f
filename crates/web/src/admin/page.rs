//! What all pages share: the frame around them, form fields, and the answers that carry them.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::{Right, Role};
use countersign_persistence::{clock, sign_in};
use jiff::Timestamp;
use serde::Serialize;

use crate::WebError;
use crate::caller::{Caller, Identity, presented_session};
use crate::error::FieldError;
use crate::form::Fields;
use crate::state::AppState;
use crate::zone::Zone;

/// The parts of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Home,
    ThirdParties,
    Clients,
    Calendar,
    Audit,
    Members,
    Settings,
    Organizations,
    Health,
    /// None of the navigation.
    Elsewhere,
}

/// What `layout.hbs` reads.
#[derive(Debug, Serialize)]
pub(super) struct Frame {
    pub now: Timestamp,
    pub zone: Zone,
    csrf: String,
    org: Option<OrganizationLine>,
    member: Option<MemberLine>,
    can_switch: bool,
    nav: Vec<Link>,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
}

#[derive(Debug, Serialize)]
struct OrganizationLine {
    name: String,
    base: String,
}

#[derive(Debug, Serialize)]
struct MemberLine {
    email: String,
    role: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Link {
    label: &'static str,
    href: String,
    current: bool,
}

impl Frame {
    /// The frame of a page without an organization. `csrf` is what its forms carry.
    pub fn open(csrf: String) -> Self {
        Self {
            now: clock::now(),
            zone: Zone::UTC,
            csrf,
            org: None,
            member: None,
            can_switch: false,
            nav: Vec::new(),
            flash: None,
            errors: Vec::new(),
        }
    }

    /// The frame of a member's page without an organization.
    pub fn of_person(csrf: String, email: Option<String>) -> Self {
        Self { member: email.map(|email| MemberLine { email, role: None }), ..Self::open(csrf) }
    }

    /// The frame of a page within an organization.
    pub fn of(identity: &Identity, section: Section) -> Self {
        let Identity { organization, session, form_token } = identity;
        let base = base(&organization.slug);
        let links = [
            (Section::Home, Right::ReadThirdParties, "Home", ""),
            (Section::ThirdParties, Right::ReadThirdParties, "Third parties", "/third-parties"),
            (Section::Clients, Right::ReadThirdParties, "OAuth clients", "/clients"),
            (Section::Calendar, Right::ReadThirdParties, "Calendar", "/calendar"),
            (Section::Audit, Right::ReadAudit, "Audit", "/audit"),
            (Section::Members, Right::ReadMembers, "Members", "/members"),
            (Section::Settings, Right::ReadSettings, "Settings", "/settings"),
        ];
        let of_operators = [(Section::Organizations, "Organizations"), (Section::Health, "Health")];
        let operates = organization.allows(session.role, Right::OperateInstallation);
        let of_operators = of_operators.into_iter().filter(|_| operates).map(|(its_section, label)| Link {
            label,
            href: format!("{OPERATOR}/{}", label.to_lowercase()),
            current: its_section == section,
        });
        let nav = links.into_iter().filter(|(_, right, _, _)| organization.allows(session.role, *right));
        let nav = of_operators.chain(nav.map(|(its_section, _, label, path)| Link {
            label,
            href: format!("{base}{path}"),
            current: its_section == section,
        }));
        Self {
            org: Some(OrganizationLine { name: organization.name.clone(), base: base.clone() }),
            member: Some(MemberLine {
                email: session.email.clone().unwrap_or_default(),
                role: Some(role_in_words(session.role)),
            }),
            nav: nav.collect(),
            ..Self::open(form_token.clone())
        }
    }

    /// The frame of the page that a request asks for, with the sentence that the redirect before it brought.
    pub async fn load<R>(
        state: &AppState,
        request: &HttpRequest,
        caller: &Caller<R>,
        section: Section,
    ) -> Result<Self, WebError> {
        let mut frame = Self::of(&caller.identity(), section);
        frame.zone = caller.zone.clone();
        frame.flash = done_in_words(Fields::of_query(request).get("done"));
        if let Some((digest, _)) = presented_session(state, request) {
            frame.can_switch = sign_in::organizations_of_session(&state.store, digest, frame.now).await?.len() > 1;
        }
        Ok(frame)
    }

    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    pub fn with_flash(mut self, code: &str) -> Self {
        self.flash = done_in_words(code);
        self
    }
}

/// Where the pages of those who run the installation begin.
pub(super) const OPERATOR: &str = "/operator";

/// Where the pages of an organization begin.
pub(super) fn base(slug: &str) -> String {
    format!("/o/{slug}")
}

pub(super) fn role_in_words(role: Role) -> &'static str {
    match role {
        Role::Owner => "Owner",
        Role::Admin => "Admin",
        Role::Developer => "Developer",
        Role::Auditor => "Auditor (read-only)",
    }
}

/// What a redirect says has been done. Only codes known here are put into words, so that no link can make a page say
/// anything else.
fn done_in_words(code: &str) -> Option<&'static str> {
    Some(match code {
        "saved" | "organization-added-without-owner" => "Saved.",
        "secret-added" => "Saved. The new Client Secret is shown below, this once.",
        "token-added" => "Saved. The new OAuth Token is shown below, this once.",
        "third-party-added" | "client-added" => "Saved. The Client Secret is shown below, this once.",
        "third-party-added-by-chosen-secret" | "client-added-by-chosen-secret" => {
            "Saved. The Client Secret is the one that you entered. It is not shown again."
        }
        "api-key-added" => "Saved. The Client Secret of the API key is shown below, this once, with how to try it.",
        "third-party-deleted" => "The third party is deleted. Its history stays in the audit timeline.",
        "client-added-without-secret" => "Saved. A public client has no Client Secret.",
        "client-deleted" => "The client is deleted. Its history stays in the audit timeline.",
        "organization-added" => "Saved. The sign-in link of the first owner is shown below, this once.",
        "organization-suspended" => "The organization is suspended: none of its tokens and changes work any more.",
        "organization-resumed" => "The organization is at work again.",
        "job-cancelled" => "The export is cancelled, and what was written so far is removed.",
        "job-removed" => "The export and its file are removed.",
        "token-revoked" => "The token is revoked for good.",
        "member-added" => "Saved. The sign-in link of the new member is shown below, this once.",
        "sign-in-link-made" => "The sign-in link is shown below, this once. Links made before are void.",
        "member-signed-out" => "The member is signed out everywhere.",
        "sign-in-codes-reset" => {
            "No code is asked for at sign-in any more. The member can set up new ones in the profile."
        }
        "password-changed" => "Your password is changed, and your other sessions are signed out.",
        "sign-in-codes-on" => "Sign-in codes are on. Your recovery codes are shown below, this once.",
        "recovery-codes-made" => "Your new recovery codes are shown below, this once. Those before are void.",
        "sign-in-codes-off" => "Sign-in codes are off: your password alone signs you in.",
        "zone-changed" => "Saved. Times are shown in that time zone now.",
        "sign-in-codes-required" => {
            "Your organization requires sign-in codes. Switch them on here to go on; you need an authenticator app."
        }
        "session-ended" => "The session is signed out.",
        "sessions-ended" => "All other sessions are signed out.",
        "not-a-member" => "You are signed in, but not as a member of this organization. Sign in with another account.",
        "access-withdrawn" => "The access is taken back: what the application held for you works no more.",
        "signed-out" => "You are signed out.",
        _ => return None,
    })
}

/// An input: what stands in it, and what is wrong with that.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Field {
    pub value: String,
    pub error: Option<String>,
}

impl Field {
    pub fn of(value: impl Into<String>) -> Self {
        Self { value: value.into(), error: None }
    }

    /// The field as typed.
    pub fn typed(fields: &Fields, name: &str) -> Self {
        Self::of(fields.get(name))
    }

    /// Says beside a field that differs what is saved now, for somebody whose form was overtaken.
    pub fn compared_with(mut self, saved: &Self) -> Self {
        if self.value.trim() != saved.value {
            let value = if saved.value.is_empty() { "empty" } else { &*saved.value };
            self.error = Some(format!("Saved at present: {value}"));
        }
        self
    }

    /// Puts the first of the errors that concern it beside the field.
    pub fn marked(mut self, name: &str, errors: &[FieldError]) -> Self {
        self.error = errors.iter().find(|error| error.field == name).map(|error| error.message.clone());
        self
    }
}

/// A box to tick.
#[derive(Debug, Serialize)]
pub(super) struct Switch {
    pub value: bool,
    pub error: Option<String>,
}

impl Switch {
    pub fn of(value: bool) -> Self {
        Self { value, error: None }
    }

    /// The box as it was ticked, with the first of the errors that concern it.
    pub fn typed(fields: &Fields, name: &str, errors: &[FieldError]) -> Self {
        let error = errors.iter().find(|error| error.field == name).map(|error| error.message.clone());
        Self { value: fields.is_ticked(name), error }
    }

    /// Says beside a box that differs what is saved now.
    pub fn compared_with(mut self, saved: bool, words: [&str; 2]) -> Self {
        if self.value != saved {
            self.error = Some(format!("Saved at present: {}", words[usize::from(saved)]));
        }
        self
    }
}

/// A use of a token.
#[derive(Debug, Clone, Serialize)]
pub(super) struct LastUse {
    pub at: Timestamp,
    pub source: String,
}

/// A page as an answer.
pub(super) fn html(
    state: &web::Data<AppState>,
    status: StatusCode,
    template: &str,
    view: &impl Serialize,
) -> Result<HttpResponse, WebError> {
    let body = state.templates.render(template, view)?;
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(body))
}

/// Sends the browser to another page after something was done, so that reloading does nothing twice.
pub(super) fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, location)).finish()
}
