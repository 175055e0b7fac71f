//! The member's own profile: password, sessions, and the applications that may act for the member.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_domain::member::SignInFailure;
use countersign_domain::{ConsentId, Member, MemberCommand, SessionId};
use countersign_persistence::clock;
use countersign_persistence::queries::authorizations::{self, ConsentSummary};
use countersign_persistence::sign_in::{self, Candidate, SessionSummary};
use jiff::Timestamp;
use serde::Serialize;

use super::page::{Field, Frame, Section, base, html, see_other};
use super::refusal::Refusal;
use super::user_agent::UserAgent;
use crate::caller::{Caller, UseOwnProfile};
use crate::changes::consents;
use crate::changes::sign_in::attempt;
use crate::error::FieldError;
use crate::failed_attempts::Failure;
use crate::form::{Fields, SignedForm};
use crate::state::AppState;
use crate::{WebError, password};

#[derive(Serialize)]
struct ProfilePage {
    page: Frame,
    has_password: bool,
    form: PasswordForm,
    password_hint: String,
    sessions: Vec<SessionRow>,
    consents: Vec<ConsentRow>,
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
    let outcome = match fields.get("action") {
        "change-password" => change_password(&state, &caller, &fields).await.map(|()| "password-changed"),
        "withdraw-consent" => {
            withdraw_consent(&state, &caller, fields.get("consent")).await.map(|()| "access-withdrawn")
        }
        _ => end_sessions(&state, &caller, fields.get("session")).await,
    };
    match outcome {
        Ok(done) => Ok(see_other(&format!("{}/profile?done={done}", base(&caller.organization.slug)))),
        Err(error) => {
            let Refusal { status, errors, .. } = Refusal::of(error)?;
            html(&state, status, "profile", &view(&state, &request, &caller, errors).await?)
        }
    }
}

async fn change_password(state: &AppState, caller: &Caller<UseOwnProfile>, fields: &Fields) -> Result<(), WebError> {
    let candidate = candidate(state, caller).await?.ok_or(WebError::NotFound)?;
    let new = fields.get("new_password");
    password::check(new).map_err(|problem| WebError::field("new_password", &problem))?;
    if candidate.phc.is_some() {
        // Somebody at a screen left unlocked must not get to guess without end, so these tries count as sign-ins do.
        match attempt(state, &candidate, fields.get("current_password"), clock::now()).await {
            Err(WebError::WrongPassword) => {
                let failure = Failure::Member(candidate.member, SignInFailure::WrongPassword);
                state.failed_attempts.count(candidate.organization, failure);
                return Err(wrong_password("This is not your current password"));
            }
            Err(error @ WebError::Throttled { .. }) => return Err(wrong_password(&error.to_string())),
            other => other?,
        }
    }
    let phc = state.passwords.hash(new.to_owned()).await?;
    sign_in::set_password(&state.store, &caller.context(), caller.session.member, phc).await?;
    end_other_sessions(state, caller).await
}

fn wrong_password(message: &str) -> WebError {
    WebError::Invalid(vec![FieldError::new("current_password", &message)])
}

/// The caller as somebody who signs in by password.
async fn candidate(state: &AppState, caller: &Caller<UseOwnProfile>) -> Result<Option<Candidate>, WebError> {
    let Some(email) = &caller.session.email else { return Ok(None) };
    let candidates = sign_in::candidates(&state.store, email).await?;
    Ok(candidates.into_iter().find(|candidate| candidate.organization == caller.organization.id))
}

async fn end_sessions(state: &AppState, caller: &Caller<UseOwnProfile>, which: &str) -> Result<&'static str, WebError> {
    if which == "others" {
        end_other_sessions(state, caller).await?;
        return Ok("sessions-ended");
    }
    let id = which.parse::<SessionId>().map_err(|_| WebError::NotFound)?;
    let session = own_sessions(state, caller).await?.into_iter().find(|session| session.id == id);
    let session = session.ok_or(WebError::NotFound)?;
    record_end(state, caller, &[session]).await?;
    sign_in::end_session(&state.store, caller.organization.id, caller.session.member, id).await?;
    Ok("session-ended")
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

async fn end_other_sessions(state: &AppState, caller: &Caller<UseOwnProfile>) -> Result<(), WebError> {
    let current = caller.session.session;
    let mut others = own_sessions(state, caller).await?;
    others.retain(|session| session.id != current);
    record_end(state, caller, &others).await?;
    sign_in::end_sessions_of(&state.store, caller.organization.id, caller.session.member, Some(current)).await?;
    Ok(())
}

async fn record_end(
    state: &AppState,
    caller: &Caller<UseOwnProfile>,
    sessions: &[SessionSummary],
) -> Result<(), WebError> {
    let member = caller.session.member.uuid();
    state
        .store
        .change(&caller.context(), async |unit| {
            for session in sessions {
                unit.execute::<Member>(member, MemberCommand::EndSession(session.id)).await?;
            }
            Ok(())
        })
        .await
}

async fn own_sessions(state: &AppState, caller: &Caller<UseOwnProfile>) -> Result<Vec<SessionSummary>, WebError> {
    let (organization, member) = (caller.organization.id, caller.session.member);
    Ok(sign_in::sessions_of(&state.store, organization, member, clock::now()).await?)
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
        form,
        password_hint: format!("At least {} characters; a few unrelated words are fine.", password::MINIMUM_LENGTH),
        sessions: sessions.into_iter().map(|session| row(session, current)).collect(),
        consents: own_consents(state, caller).await?.into_iter().map(consent_row).collect(),
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
