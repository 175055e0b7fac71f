//! The member's own profile: password, sign-in codes, sessions, and the applications that may act for the member.

mod password;
mod sessions;
pub(super) mod sign_in_codes;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::{ConsentId, SessionId};
use countersign_persistence::queries::authorizations::{self, ConsentSummary};
use countersign_persistence::sign_in::{self, SessionSummary};
use jiff::Timestamp;
use serde::Serialize;

use super::page::{Field, Frame, Section, base, html, see_other};
use super::refusal::Refusal;
use super::user_agent::UserAgent;
use crate::caller::{Caller, UseOwnProfile};
use crate::changes::consents;
use crate::error::FieldError;
use crate::form::SignedForm;
use crate::password::MINIMUM_LENGTH;
use crate::state::AppState;
use crate::zone::Zone;
use crate::{WebError, cookies};
use password::{candidate, change_password};
use sessions::{end_sessions, own_sessions};

#[derive(Serialize)]
struct ProfilePage {
    page: Frame,
    has_password: bool,
    /// `null` while no codes are asked for.
    recovery_codes_left: Option<u64>,
    form: PasswordForm,
    password_hint: String,
    sessions: Vec<SessionRow>,
    consents: Vec<ConsentRow>,
    zones: Vec<String>,
}

#[derive(Default, Serialize)]
struct PasswordForm {
    current_password: Field,
    new_password: Field,
}

#[derive(Serialize)]
struct SessionRow {
    id: String,
    created_at: Timestamp,
    last_seen_at: Timestamp,
    source: String,
    user_agent: Option<UserAgent>,
    current: bool,
}

#[derive(Serialize)]
struct ConsentRow {
    id: String,
    name: String,
    client_id: String,
    scopes: Vec<String>,
    given_at: Timestamp,
}

/// `GET /o/{org}/profile`
pub(super) async fn show(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<UseOwnProfile>,
) -> Result<HttpResponse, WebError> {
    let view = view(&state, &request, &caller, Vec::new()).await?;
    html(&state, StatusCode::OK, "profile", &view)
}

/// `POST /o/{org}/profile`
pub(super) async fn submit(
    state: web::Data<AppState>,
    request: HttpRequest,
    form: SignedForm<UseOwnProfile>,
) -> Result<HttpResponse, WebError> {
    let SignedForm { caller, fields } = form;
    let profile = format!("{}/profile", base(&caller.organization.slug));
    if fields.get("action") == "change-zone" {
        let zone = Zone::named(fields.get("zone")).ok_or(WebError::NotFound)?;
        let mut answer = see_other(&format!("{profile}?done=zone-changed"));
        answer.add_cookie(&cookies::zone(&state, &zone)).map_err(WebError::internal)?;
        return Ok(answer);
    }
    let outcome = match fields.get("action") {
        "change-password" => change_password(&state, &caller, &fields).await.map(|()| "password-changed"),
        "withdraw-consent" => {
            withdraw_consent(&state, &caller, fields.get("consent")).await.map(|()| "access-withdrawn")
        }
        _ => end_sessions(&state, &caller, fields.get("session")).await,
    };
    match outcome {
        Ok(done) => Ok(see_other(&format!("{profile}?done={done}"))),
        Err(error) => {
            let Refusal { status, errors, .. } = Refusal::of(error)?;
            html(&state, status, "profile", &view(&state, &request, &caller, errors).await?)
        }
    }
}

async fn withdraw_consent(state: &AppState, caller: &Caller<UseOwnProfile>, which: &str) -> Result<(), WebError> {
    let id = which.parse::<ConsentId>().map_err(|_| WebError::NotFound)?;
    let consent = own_consents(state, caller).await?.into_iter().find(|consent| consent.id == id);
    let client = consent.ok_or(WebError::NotFound)?.client;
    consents::withdraw(&state.store, &caller.context(), caller.session.member, client).await
}

async fn own_consents(state: &AppState, caller: &Caller<UseOwnProfile>) -> Result<Vec<ConsentSummary>, WebError> {
    let (organization, member) = (caller.organization.id, caller.session.member);
    Ok(authorizations::consents_of(&state.store, organization, member).await?)
}

async fn view(
    state: &AppState,
    request: &HttpRequest,
    caller: &Caller<UseOwnProfile>,
    errors: Vec<FieldError>,
) -> Result<ProfilePage, WebError> {
    let current = caller.session.session;
    let mut sessions = own_sessions(state, caller).await?;
    sessions.sort_by_key(|session| session.id != current);
    let form = PasswordForm {
        current_password: Field::default().marked("current_password", &errors),
        new_password: Field::default().marked("new_password", &errors),
    };
    Ok(ProfilePage {
        page: Frame::load(state, request, caller, Section::Elsewhere).await?.with_errors(errors),
        has_password: candidate(state, caller).await?.is_some_and(|candidate| candidate.phc.is_some()),
        recovery_codes_left: sign_in::recovery_codes_left(&state.store, caller.organization.id, caller.session.member)
            .await?,
        form,
        password_hint: format!("At least {MINIMUM_LENGTH} characters; a few unrelated words are fine."),
        sessions: sessions.into_iter().map(|session| row(session, current)).collect(),
        consents: own_consents(state, caller).await?.into_iter().map(consent_row).collect(),
        zones: Zone::names(),
    })
}

fn consent_row(consent: ConsentSummary) -> ConsentRow {
    ConsentRow {
        id: consent.id.to_string(),
        name: consent.third_party_name.unwrap_or_else(|| consent.client_identifier.clone()),
        client_id: consent.client_identifier,
        scopes: consent.scopes,
        given_at: consent.given_at,
    }
}

fn row(session: SessionSummary, current: SessionId) -> SessionRow {
    SessionRow {
        id: session.id.to_string(),
        created_at: session.created_at,
        last_seen_at: session.last_seen_at,
        source: session.address,
        user_agent: UserAgent::of(&session.user_agent),
        current: session.id == current,
    }
}
