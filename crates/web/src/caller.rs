//! The extractor that proves, before a handler runs, which organization is meant, who asks, and that they may.
//!
//! A foreign organization answers 404, exactly like one that doesn't exist.

use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use countersign_domain::{Actor, Digest, ParsedSecret, Right, SecretKind, secret};
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::sign_in::{self, SessionEntry};
use countersign_persistence::{Context, Via, clock};

use crate::WebError;
use crate::cookies;
use crate::middleware::{Audience, audience, request_id, source};
use crate::state::AppState;
use crate::step_up;
use crate::tenant::Tenant;
use crate::zone::Zone;

/// A right as a type, so that a handler's signature says what it needs.
pub(crate) trait Needs: 'static {
    /// The right.
    const RIGHT: Right;
}

macro_rules! needs {
    ($($name:ident),+ $(,)?) => {$(
        #[doc = concat!("[`Right::", stringify!($name), "`]")]
        #[derive(Debug)]
        pub(crate) struct $name;

        impl Needs for $name {
            const RIGHT: Right = Right::$name;
        }
    )+};
}

needs!(UseOwnProfile, ReadThirdParties, ManageThirdParties, ReadAudit, ReadMembers, ManageMembers);

/// A signed-in member of the organization in the path, with the right `R`.
pub(crate) struct Caller<R> {
    pub organization: Arc<OrganizationEntry>,
    pub session: SessionEntry,
    /// What the forms of this session carry.
    pub form_token: String,
    /// In which times are shown and entered on pages.
    pub zone: Zone,
    context: Context,
    right: PhantomData<R>,
}

/// Whom a request was found to come from. Left with the request too, for the page that an error becomes.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub organization: Arc<OrganizationEntry>,
    pub session: SessionEntry,
    pub form_token: String,
}

impl<R> Caller<R> {
    /// The organization and the session that the request was found to come from.
    pub fn identity(&self) -> Identity {
        Identity {
            organization: Arc::clone(&self.organization),
            session: self.session.clone(),
            form_token: self.form_token.clone(),
        }
    }

    /// Who does it and where, for a unit of work.
    pub fn context(&self) -> Context {
        self.context.clone()
    }

    /// Whether the caller has another right too.
    pub fn may(&self, right: Right) -> bool {
        self.session.role.allows(right)
    }
}

impl<R: Needs> FromRequest for Caller<R> {
    type Error = WebError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, WebError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { authorize(&request).await })
    }
}

/// The session secret that the request presents: a cookie on pages, a bearer token on the API.
pub(crate) fn presented_session(state: &AppState, request: &HttpRequest) -> Option<(Digest, String)> {
    if audience(request) == Audience::Page {
        return cookies::presented_session(state, request);
    }
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = value.split_once(' ')?;
    let presented = credentials.trim();
    match secret::parse(presented) {
        Ok(ParsedSecret { kind: SecretKind::Session, digest }) if scheme.eq_ignore_ascii_case("bearer") => {
            Some((digest, presented.to_owned()))
        }
        _ => None,
    }
}

async fn authorize<R: Needs>(request: &HttpRequest) -> Result<Caller<R>, WebError> {
    let state = request.app_data::<web::Data<AppState>>().ok_or(WebError::Internal)?;
    let (digest, presented) = presented_session(state, request).ok_or(WebError::Unauthenticated)?;
    let now = clock::now();
    let found = match Tenant::of(state, request).await? {
        Some(tenant) => sign_in::find_session(&state.store, tenant.id, digest, now)
            .await?
            .map(|session| (tenant.organization, session)),
        None => None,
    };
    let Some((organization, session)) = found else {
        // Somebody who is signed in elsewhere learns nothing of this organization, not even that it exists.
        let elsewhere = sign_in::organizations_of_session(&state.store, digest, now).await?;
        return Err(if elsewhere.is_empty() { WebError::Unauthenticated } else { WebError::NotFound });
    };
    let form_token = cookies::form_token(&presented);
    request.extensions_mut().insert(Identity {
        organization: Arc::clone(&organization),
        session: session.clone(),
        form_token: form_token.clone(),
    });
    if !session.role.allows(R::RIGHT) {
        return Err(WebError::Forbidden);
    }
    if organization.suspended && R::RIGHT.changes() {
        return Err(WebError::Suspended);
    }
    sign_in::touch_session(&state.store, organization.id, &session, now).await?;
    step_up::check_operation(request, &session, now)?;
    let context = Context {
        organization: organization.id,
        actor: Actor::Member(session.member),
        via: if audience(request) == Audience::Page { Via::Web } else { Via::Api },
        request: request_id(request),
        source: Some(source(request)),
        reason: None,
    };
    Ok(Caller { organization, session, form_token, zone: Zone::of(request), context, right: PhantomData })
}
