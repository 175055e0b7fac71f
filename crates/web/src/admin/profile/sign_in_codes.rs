//! The page on which members switch sign-in codes on and off, and get recovery codes.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_persistence::clock;
use countersign_persistence::sign_in::{self, NewSecondFactor};
use serde::Serialize;

use super::password::{candidate, confirm_password};
use super::sessions::end_other_sessions;
use crate::WebError;
use crate::admin::page::{Field, Frame, Section, base, html, see_other};
use crate::admin::refusal::Refusal;
use crate::caller::{Caller, UseOwnProfile};
use crate::error::FieldError;
use crate::form::{Fields, SignedForm};
use crate::sign_in_codes::totp::TotpSecret;
use crate::sign_in_codes::{QrCodeImage, TypedCode, recovery};
use crate::state::AppState;

#[derive(Serialize)]
struct SignInCodesPage {
    page: Frame,
    has_password: bool,
    form: CodesForm,
    /// What switching on takes; `null` once on.
    setup: Option<Setup>,
    recovery_codes_left: Option<u64>,
    /// The organization requires them.
    required: bool,
    /// The recovery codes, this once.
    revealed: Vec<String>,
    reveal_file: String,
}

#[derive(Serialize)]
struct CodesForm {
    current_password: Field,
    code: Field,
}

#[derive(Serialize)]
struct Setup {
    nonce: String,
    qr: QrCodeImage,
    secret: String,
    link: String,
}

/// `GET /o/{org}/profile/sign-in-codes`
pub(in crate::admin) async fn show(
    state: web::Data<AppState>,
    request: HttpRequest,
    caller: Caller<UseOwnProfile>,
) -> Result<HttpResponse, WebError> {
    let view = view(&state, &request, &caller, &new_nonce(), Vec::new()).await?;
    html(&state, StatusCode::OK, "sign-in-codes", &view)
}

/// `POST /o/{org}/profile/sign-in-codes`
pub(in crate::admin) async fn submit(
    state: web::Data<AppState>,
    request: HttpRequest,
    form: SignedForm<UseOwnProfile>,
) -> Result<HttpResponse, WebError> {
    let SignedForm { caller, fields } = form;
    let nonce = fields.get("nonce");
    let outcome = match fields.get("action") {
        "switch-on" => switch_on(&state, &caller, &fields).await.map(|codes| ("sign-in-codes-on", codes)),
        "new-recovery-codes" => {
            new_recovery_codes(&state, &caller, &fields).await.map(|codes| ("recovery-codes-made", codes))
        }
        "switch-off" => switch_off(&state, &caller, &fields).await.map(|()| ("sign-in-codes-off", Vec::new())),
        _ => return Err(WebError::Malformed("there is no such action".to_owned())),
    };
    match outcome {
        Ok((done, codes)) if codes.is_empty() => {
            Ok(see_other(&format!("{}/profile?done={done}", base(&caller.organization.slug))))
        }
        Ok((done, codes)) => {
            let view = view(&state, &request, &caller, nonce, Vec::new()).await?;
            let view = SignInCodesPage { page: view.page.with_flash(done), revealed: codes, ..view };
            html(&state, StatusCode::OK, "sign-in-codes", &view)
        }
        Err(error) => {
            let Refusal { status, errors, .. } = Refusal::of(error)?;
            html(&state, status, "sign-in-codes", &view(&state, &request, &caller, nonce, errors).await?)
        }
    }
}

async fn switch_on(state: &AppState, caller: &Caller<UseOwnProfile>, fields: &Fields) -> Result<Vec<String>, WebError> {
    confirm_password(state, caller, fields).await?;
    let secret = secret(state, caller, fields.get("nonce")).await?;
    let used_step = match TypedCode::parse(fields.get("code")) {
        Some(TypedCode::Totp(code)) => secret.fitting_steps(&code, clock::now()).last().copied(),
        _ => None,
    };
    let Some(used_step) = used_step else {
        let message = "This is not the code that the app shows now. Is the clock of its device right?";
        return Err(WebError::Invalid(vec![FieldError::new("code", &message)]));
    };
    let (codes, recovery_codes) = recovery::generate();
    let new = NewSecondFactor { secret: secret.as_bytes().to_vec(), used_step, recovery_codes };
    sign_in::enable_totp(&state.store, &caller.context(), caller.session.member, new).await?;
    end_other_sessions(state, caller).await?;
    Ok(codes)
}

async fn new_recovery_codes(
    state: &AppState,
    caller: &Caller<UseOwnProfile>,
    fields: &Fields,
) -> Result<Vec<String>, WebError> {
    confirm_password(state, caller, fields).await?;
    let (codes, digests) = recovery::generate();
    sign_in::replace_recovery_codes(&state.store, &caller.context(), caller.session.member, digests).await?;
    Ok(codes)
}

async fn switch_off(state: &AppState, caller: &Caller<UseOwnProfile>, fields: &Fields) -> Result<(), WebError> {
    if caller.organization.sign_in_codes_required {
        let message = "Your organization requires sign-in codes, so they stay on. You can make new recovery codes";
        return Err(WebError::Invalid(vec![FieldError::new("", &message)]));
    }
    confirm_password(state, caller, fields).await?;
    Ok(sign_in::disable_totp(&state.store, &caller.context(), caller.session.member).await?)
}

fn new_nonce() -> String {
    let mut random = [0; 16];
    clock::fill_random(&mut random);
    hex::encode(random)
}

/// The secret that a form is about. It follows from the form's nonce, for this session alone, so that it is neither
/// kept before it is confirmed nor chosen by whoever sends the form.
async fn secret(state: &AppState, caller: &Caller<UseOwnProfile>, nonce: &str) -> Result<TotpSecret, WebError> {
    let input = format!("{}\0{}\0{nonce}", caller.session.member, caller.session.session);
    let bytes = state.store.derive(caller.organization.id, "totp secret", input.as_bytes()).await?;
    Ok(TotpSecret::of_random(bytes))
}

async fn view(
    state: &AppState,
    request: &HttpRequest,
    caller: &Caller<UseOwnProfile>,
    nonce: &str,
    errors: Vec<FieldError>,
) -> Result<SignInCodesPage, WebError> {
    let (organization, member) = (&caller.organization, caller.session.member);
    let recovery_codes_left = sign_in::recovery_codes_left(&state.store, organization.id, member).await?;
    let setup = if recovery_codes_left.is_none() {
        let secret = secret(state, caller, nonce).await?;
        let link = secret.link(&organization.name, caller.session.email.as_deref().unwrap_or_default());
        let (nonce, secret) = (nonce.to_owned(), secret.in_groups());
        Some(Setup { nonce, qr: QrCodeImage::of(&link)?, secret, link })
    } else {
        None
    };
    let form = CodesForm {
        current_password: Field::default().marked("current_password", &errors),
        code: Field::default().marked("code", &errors),
    };
    Ok(SignInCodesPage {
        page: Frame::load(state, request, caller, Section::Elsewhere).await?.with_errors(errors),
        has_password: candidate(state, caller).await?.is_some_and(|candidate| candidate.phc.is_some()),
        form,
        setup,
        recovery_codes_left,
        required: organization.sign_in_codes_required,
        revealed: Vec::new(),
        reveal_file: format!("countersign-{}-recovery-codes.txt", organization.slug),
    })
}
