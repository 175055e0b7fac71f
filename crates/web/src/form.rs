//! Forms that people send: read whole, proven to come from our own page.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};

use crate::caller::{Caller, Needs};
use crate::cookies;
use crate::error::{FieldError, WebError};
use crate::server::BODY_LIMIT;
use crate::state::AppState;
use crate::step_up;
use countersign_domain::{Digest, InvalidValue};

const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// The fields of a form in the order in which they were sent.
#[derive(Debug, Default, Clone)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Fields that were not sent.
    pub fn of<const N: usize>(fields: [(&str, &str); N]) -> Self {
        Self(fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }

    /// The fields of a request's query.
    pub fn of_query(request: &HttpRequest) -> Self {
        Self(url::form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect())
    }

    /// The first value of a field; empty when it was not sent.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// How often a field was sent.
    pub fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|(key, _)| key == name).count()
    }

    /// Whether any field was sent more than once.
    pub fn has_repeated(&self) -> bool {
        let mut seen = std::collections::HashSet::new();
        !self.0.iter().all(|(name, _)| seen.insert(name))
    }

    /// Takes a field out; `None` when it was not sent.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let place = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(place).1)
    }

    /// The fields as they were sent.
    pub fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }

    /// Whether a checkbox was ticked.
    pub fn is_ticked(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    /// The keys in brackets of fields like `active[key]` that were sent with a value.
    pub fn keys_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .filter_map(move |(key, _)| key.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']'))
    }

    /// Parses a field that must be filled in; notes what is wrong with it.
    pub fn required<T>(
        &self,
        name: &str,
        errors: &mut Vec<FieldError>,
        parse: impl Fn(&str) -> Result<T, InvalidValue>,
    ) -> Option<T> {
        parse(self.get(name)).map_err(|problem| errors.push(FieldError::new(name, &problem))).ok()
    }

    /// Parses a field that may be left empty; notes what is wrong with it.
    pub fn optional<T>(
        &self,
        name: &str,
        errors: &mut Vec<FieldError>,
        parse: impl Fn(&str) -> Result<T, InvalidValue>,
    ) -> Option<T> {
        if self.get(name).trim().is_empty() { None } else { self.required(name, errors, parse) }
    }
}

/// A form of a signed-in member with the right `R`, with its form token checked and, where it takes one, a fresh proof of
/// who it is.
pub(crate) struct SignedForm<R> {
    pub caller: Caller<R>,
    pub fields: Fields,
}

impl<R: Needs> FromRequest for SignedForm<R> {
    type Error = WebError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, WebError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (caller, fields) = (Caller::<R>::from_request(request, payload), read(request, payload));
        let request = request.clone();
        Box::pin(async move {
            let caller = caller.await?;
            let fields = fields.await?;
            let state = request.app_data::<web::Data<AppState>>().ok_or(WebError::Internal)?;
            let (_, secret) = crate::caller::presented_session(state, &request).ok_or(WebError::Unauthenticated)?;
            check_origin(&request)?;
            if !cookies::is_form_token(fields.get("csrf"), &secret) {
                return Err(WebError::StaleForm);
            }
            let fields = step_up::confirmed(state, &request, &caller, fields).await?;
            Ok(Self { caller, fields })
        })
    }
}

/// A form of somebody with a session, in whichever organizations, with its form token checked. Whether the session is
/// still valid is another question.
pub(crate) struct SessionForm {
    pub session: Digest,
}

impl FromRequest for SessionForm {
    type Error = WebError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, WebError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let fields = read(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let fields = fields.await?;
            let state = request.app_data::<web::Data<AppState>>().ok_or(WebError::Internal)?;
            let (session, secret) = cookies::presented_session(state, &request).ok_or(WebError::Unauthenticated)?;
            check_origin(&request)?;
            if !cookies::is_form_token(fields.get("csrf"), &secret) {
                return Err(WebError::StaleForm);
            }
            Ok(Self { session })
        })
    }
}

/// A form of somebody without a session, with its form token checked.
pub(crate) struct OpenForm(pub Fields);

impl FromRequest for OpenForm {
    type Error = WebError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, WebError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let fields = read(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let fields = fields.await?;
            let state = request.app_data::<web::Data<AppState>>().ok_or(WebError::Internal)?;
            check_origin(&request)?;
            let (secret, missing) = cookies::form_secret(state, &request);
            if missing.is_some() || !cookies::is_form_token(fields.get("csrf"), &secret) {
                return Err(WebError::StaleForm);
            }
            Ok(Self(fields))
        })
    }
}

/// A browser says when a form comes from another site; then it is refused whatever it carries.
fn check_origin(request: &HttpRequest) -> Result<(), WebError> {
    let site = request.headers().get("sec-fetch-site").and_then(|value| value.to_str().ok());
    match site {
        Some("same-origin" | "none") | None => Ok(()),
        Some(_) => Err(WebError::StaleForm),
    }
}

/// The fields of the body, whoever sent it.
pub(crate) fn read(
    request: &HttpRequest,
    payload: &mut Payload,
) -> Pin<Box<dyn Future<Output = Result<Fields, WebError>>>> {
    let is_form =
        request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
            value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(MEDIA_TYPE))
        });
    let body = web::Payload::from_request(request, payload);
    Box::pin(async move {
        if !is_form {
            return Err(WebError::UnsupportedMediaType(MEDIA_TYPE));
        }
        let body = body.await.map_err(WebError::internal)?;
        let bytes = body
            .to_bytes_limited(BODY_LIMIT)
            .await
            .map_err(|_| WebError::TooLarge { limit: BODY_LIMIT })?
            .map_err(|error| WebError::Malformed(error.to_string()))?;
        Ok(Fields(url::form_urlencoded::parse(&bytes).into_owned().collect()))
    })
}
