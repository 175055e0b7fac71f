//! The extractor that proves, before a handler runs, which organization is meant, who asks, and that they may.
//!
//! A foreign organization answers 404, exactly like one that doesn't exist.

use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use countersign_domain::token::TokenKind;
use countersign_domain::validity::Denial;
use countersign_domain::{Actor, ApiScope, Digest, OrganizationId, ParsedSecret, Right, Rights, SecretKind, secret};
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::sign_in::{self, SessionEntry};
use countersign_persistence::{Context, Via, clock};

use crate::WebError;
use crate::cookies;
use crate::middleware::{Audience, address, audience, request_id, source};
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

needs!(
    UseOwnProfile,
    ReadThirdParties,
    ManageThirdParties,
    ReadAudit,
    ReadMembers,
    ManageMembers,
    ReadSettings,
    ManageSettings,
    OperateInstallation
);

/// The page on which members switch sign-in codes on: the only one that opens to who has to, but hasn't yet.
const SIGN_IN_CODES_PAGE: &str = "/o/{org}/profile/sign-in-codes";

/// A signed-in member of the organization in the path, with the right `R`. No API key can take the place.
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
        self.organization.allows(self.session.role, right)
    }

    /// All that the caller may do.
    pub fn rights(&self) -> Rights {
        Rights::of_role(self.session.role)
    }
}

/// One of those who run the installation.
pub(crate) type Operator = Caller<OperateInstallation>;

/// Who calls the JSON API of the organization in the path, with the right `R`: a signed-in member, or one of the
/// organization's API keys.
pub(crate) struct ApiCaller<R> {
    pub organization: Arc<OrganizationEntry>,
    who: Who,
    context: Context,
    right: PhantomData<R>,
}

enum Who {
    Member(SessionEntry),
    /// What the token and its client may do, both.
    ApiKey(Rights),
}

impl<R> ApiCaller<R> {
    /// Who does it and where, for a unit of work.
    pub fn context(&self) -> Context {
        self.context.clone()
    }

    /// All that the caller may do.
    pub fn rights(&self) -> Rights {
        match &self.who {
            Who::Member(session) => Rights::of_role(session.role),
            Who::ApiKey(rights) => rights.clone(),
        }
    }

    /// The session, where a member calls.
    pub fn session(&self) -> Option<&SessionEntry> {
        match &self.who {
            Who::Member(session) => Some(session),
            Who::ApiKey(_) => None,
        }
    }
}

/// What a handler asks for to be called, as the table of the API's routes knows it.
pub(crate) trait Asks {
    /// The right that it takes.
    type Right: Needs;
}

impl<R: Needs> Asks for ApiCaller<R> {
    type Right = R;
}

impl Asks for Operator {
    type Right = OperateInstallation;
}

impl<R: Needs> FromRequest for ApiCaller<R> {
    type Error = WebError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, WebError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let token = bearer(&request).filter(|text| secret::claimed_kind(text) != Some(SecretKind::Session));
            if let Some(token) = token {
                return authorize_api_key(&request, token).await;
            }
            let Caller { organization, session, context, right, .. } = authorize::<R>(&request).await?;
            Ok(Self { organization, who: Who::Member(session), context, right })
        })
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
    let presented = bearer(request)?;
    match secret::parse(presented) {
        Ok(ParsedSecret { kind: SecretKind::Session, digest }) => Some((digest, presented.to_owned())),
        _ => None,
    }
}

fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| credentials.trim())
}

/// Proves that a token is an access token of an API key that works now, and gives the right.
///
/// A token of another organization answers like one that nobody issued, and so does an organization that doesn't exist.
async fn authorize_api_key<R: Needs>(request: &HttpRequest, token: &str) -> Result<ApiCaller<R>, WebError> {
    let state = request.app_data::<web::Data<AppState>>().ok_or(WebError::Internal)?;
    let tenant = Tenant::of(state, request).await?.ok_or(WebError::InvalidToken(Denial::Unknown))?;
    let now = clock::now();
    let verdict = state.store.directory().check_token(&tenant, token, None, now).await?;
    verdict.result.map_err(WebError::InvalidToken)?;
    // Nothing but what the client got for itself: no token that a person handed over, or that a member granted.
    let token = verdict.token.filter(|token| token.kind == TokenKind::Access.as_str() && token.authorization.is_none());
    let client = verdict.client.filter(|client| client.settings.api_access);
    let (Some(token), Some(client)) = (token, client) else { return Err(WebError::NotAnApiKey) };
    state.store.usage().count(tenant.id, token.id, now, &address(request));
    // What was taken from the client is taken from its tokens, and what was issued before it was an API key gives no
    // more than it is to have as one.
    let rights = Rights::of_scopes(&token.facts.scopes).within(&Rights::of_scopes(&client.settings.scopes));
    let scope = ApiScope::giving(R::RIGHT).ok_or(WebError::MembersOnly)?;
    if !rights.allow(R::RIGHT) {
        return Err(WebError::InsufficientScope(scope));
    }
    let context = context(request, tenant.id, Actor::Client(client.id));
    Ok(ApiCaller { organization: tenant.organization, who: Who::ApiKey(rights), context, right: PhantomData })
}

async fn authorize<R: Needs>(request: &HttpRequest) -> Result<Caller<R>, WebError> {
    let state = request.app_data::<web::Data<AppState>>().ok_or(WebError::Internal)?;
    let (digest, presented) = presented_session(state, request).ok_or(WebError::Unauthenticated)?;
    let now = clock::now();
    let tenant = match R::RIGHT {
        Right::OperateInstallation => Tenant::of_operators(state).await?,
        _ => Tenant::of(state, request).await?,
    };
    let found = match tenant {
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
    if !R::RIGHT.is_of(organization.is_operators()) {
        return Err(WebError::NotFound);
    }
    let must_set_up_codes = organization.sign_in_codes_required && !session.has_sign_in_codes;
    if must_set_up_codes && request.match_pattern().as_deref() != Some(SIGN_IN_CODES_PAGE) {
        return Err(WebError::SignInCodesRequired);
    }
    if !session.role.allows(R::RIGHT) {
        return Err(WebError::Forbidden);
    }
    if organization.suspended && R::RIGHT.changes() {
        return Err(WebError::Suspended);
    }
    sign_in::touch_session(&state.store, organization.id, &session, now).await?;
    step_up::check_operation(request, &session, now)?;
    let context = context(request, organization.id, Actor::Member(session.member));
    Ok(Caller { organization, session, form_token, zone: Zone::of(request), context, right: PhantomData })
}

fn context(request: &HttpRequest, organization: OrganizationId, actor: Actor) -> Context {
    Context {
        organization,
        actor,
        via: if audience(request) == Audience::Page { Via::Web } else { Via::Api },
        request: request_id(request),
        source: Some(source(request)),
        reason: None,
    }
}
