//! The parameters in the query of a request, read strictly.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use countersign_domain::InvalidValue;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::WebError;
use crate::error::FieldError;

const DEFAULT_PAGE_SIZE: u32 = 50;
const LONGEST_PAGE: u32 = 200;

/// The parameters of a request; unknown and repeated ones are refused.
pub(super) struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = WebError;
    type Future = Ready<Result<Self, WebError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = web::Query::<T>::from_query(request.query_string());
        ready(read.map(|query| Self(query.into_inner())).map_err(|error| WebError::Malformed(error.to_string())))
    }
}

/// Collects what is wrong with the values of a request.
#[derive(Default)]
pub(super) struct Check(Vec<FieldError>);

impl Check {
    /// Parses a value; notes what is wrong with it.
    pub fn parse<T>(&mut self, field: &str, text: &str, parse: impl Fn(&str) -> Result<T, InvalidValue>) -> Option<T> {
        parse(text).map_err(|problem| self.0.push(FieldError::new(field, &problem))).ok()
    }

    /// Parses a value that may be absent.
    pub fn optional<T>(
        &mut self,
        field: &str,
        text: Option<&str>,
        parse: impl Fn(&str) -> Result<T, InvalidValue>,
    ) -> Option<T> {
        text.and_then(|text| self.parse(field, text, parse))
    }

    /// Parses a value that may be null.
    #[expect(clippy::option_option, reason = "absent, null and a value are three things")]
    pub fn nullable<T>(
        &mut self,
        field: &str,
        text: Option<&Option<String>>,
        parse: impl Fn(&str) -> Result<T, InvalidValue>,
    ) -> Option<Option<T>> {
        text.map(|text| self.optional(field, text.as_deref(), parse))
    }

    /// Which page of a list, and how many rows it has.
    pub fn page(&mut self, page: Option<&str>, page_size: Option<&str>) -> (u32, u32) {
        let page = self.optional("page", page, number(1, u32::MAX)).unwrap_or(1);
        (page, self.optional("page_size", page_size, number(1, LONGEST_PAGE)).unwrap_or(DEFAULT_PAGE_SIZE))
    }

    /// Fails if anything was wrong.
    pub fn finish(self) -> Result<(), WebError> {
        if self.0.is_empty() { Ok(()) } else { Err(WebError::Invalid(self.0)) }
    }
}

/// A date and time with its offset (RFC 3339), from 1970 on: what the database can hold.
pub(super) fn instant(text: &str) -> Result<Timestamp, InvalidValue> {
    text.parse()
        .ok()
        .filter(|instant: &Timestamp| *instant >= Timestamp::UNIX_EPOCH)
        .ok_or(InvalidValue("Use a date and time like 2027-01-31T12:00:00Z".into()))
}

/// An identifier.
pub(super) fn identifier<T: From<uuid::Uuid>>(text: &str) -> Result<T, InvalidValue> {
    uuid::Uuid::try_parse(text).map(T::from).map_err(|_| InvalidValue("Use an identifier (UUID)".into()))
}

/// Yes or no.
pub(super) fn boolean(text: &str) -> Result<bool, InvalidValue> {
    text.parse().map_err(|_| InvalidValue("Choose true or false".into()))
}

/// A whole number within limits.
pub(super) fn number(minimum: u32, maximum: u32) -> impl Fn(&str) -> Result<u32, InvalidValue> {
    move |text| {
        text.parse()
            .ok()
            .filter(|number| (minimum..=maximum).contains(number))
            .ok_or_else(|| InvalidValue(format!("Use a whole number from {minimum} to {maximum}").into()))
    }
}

/// One of two.
pub(super) fn truth(text: &str) -> Result<bool, InvalidValue> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(InvalidValue("Choose true or false".into())),
    }
}

/// The direction of an order.
pub(super) fn is_descending(text: &str) -> Result<bool, InvalidValue> {
    match text {
        "asc" => Ok(false),
        "desc" => Ok(true),
        _ => Err(InvalidValue("Choose asc or desc".into())),
    }
}
