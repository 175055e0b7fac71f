//! JSON bodies, read strictly: every way in which one can be wrong is answered in words.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Number;

use crate::WebError;
use crate::caller::{ApiCaller, Asks, Needs};
use crate::server::BODY_LIMIT;

const MEDIA_TYPE: &str = "application/json";

/// The body of a request that anybody may send.
pub(super) struct Json<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = WebError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, WebError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = read(request, payload);
        Box::pin(async move { body.await.map(Self) })
    }
}

/// A caller with the right `R`, and the body of the request. The body is looked at only after the caller proved the
/// right, so that nobody else learns what would be accepted.
pub(super) struct Request<R, T> {
    pub caller: ApiCaller<R>,
    pub body: T,
}

impl<R: Needs, T> Asks for Request<R, T> {
    type Right = R;
}

impl<R: Needs, T: DeserializeOwned + 'static> FromRequest for Request<R, T> {
    type Error = WebError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, WebError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = ApiCaller::<R>::from_request(request, payload);
        let body = read(request, payload);
        Box::pin(async move { Ok(Self { caller: caller.await?, body: body.await? }) })
    }
}

fn read<T: DeserializeOwned + 'static>(
    request: &HttpRequest,
    payload: &mut Payload,
) -> Pin<Box<dyn Future<Output = Result<T, WebError>>>> {
    let is_json =
        request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
            value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(MEDIA_TYPE))
        });
    let body = web::Payload::from_request(request, payload);
    Box::pin(async move {
        if !is_json {
            return Err(WebError::UnsupportedMediaType(MEDIA_TYPE));
        }
        let bytes = body
            .await
            .map_err(WebError::internal)?
            .to_bytes_limited(BODY_LIMIT)
            .await
            .map_err(|_| WebError::TooLarge { limit: BODY_LIMIT })?
            .map_err(|error| WebError::Malformed(error.to_string()))?;
        parse(&bytes)
    })
}

/// Reads exactly one JSON object; an error names the place and the path.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, WebError> {
    // An array would do too for the parser, with its values taken for the fields in order.
    if bytes.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
        return Err(WebError::Malformed("send a JSON object, which begins with {".to_owned()));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        // The parser's words name the line and the column.
        let words = without_value(&error.inner().to_string());
        match path.as_str() {
            "." | "?" => WebError::Malformed(words),
            path => WebError::Malformed(format!("{path}: {words}")),
        }
    })?;
    reader.end().map_err(|error| WebError::Malformed(error.to_string()))?;
    Ok(value)
}

/// The parser's words without the text that was sent: it may be a secret that went into the wrong field.
fn without_value(words: &str) -> String {
    match (words.find("string \""), words.rfind("\", expected")) {
        (Some(begin), Some(end)) if begin < end => format!("{}text{}", &words[..begin], &words[end + 1..]),
        _ => words.to_owned(),
    }
}

/// Tells a field that is null (`Some(None)`) from one that is absent (`None`, by `#[serde(default)]`).
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub(super) fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A whole number, however it is written: to JSON Schema `3.0` is one too, and some programs write it so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Whole<T>(pub T);

impl<'de, T: TryFrom<u64>> Deserialize<'de> for Whole<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Number::deserialize(deserializer)?;
        let whole = number.as_u64().or_else(|| number.as_f64().and_then(exact));
        let value = whole.and_then(|whole| T::try_from(whole).ok());
        value.map(Self).ok_or_else(|| D::Error::custom(format!("{number} is no whole number that is accepted here")))
    }
}

/// A number that is whole, and small enough to be exact.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, and within the limits")]
fn exact(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number)).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(clippy::option_option, reason = "absent, null and a value are three things")]
    struct Example {
        name: String,
        #[serde(default, deserialize_with = "nullable")]
        note: Option<Option<String>>,
    }

    #[derive(Debug, Deserialize)]
    struct Switch {
        #[expect(dead_code, reason = "only the reading is tested")]
        on: bool,
    }

    fn problem(json: &str) -> String {
        parse::<Example>(json.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn null_and_absent_differ() {
        let note = |json: &str| parse::<Example>(json.as_bytes()).unwrap().note;
        assert_eq!(note(r#"{"name":"a"}"#), None);
        assert_eq!(note(r#"{"name":"a","note":null}"#), Some(None));
        assert_eq!(note(r#"{"name":"a","note":"b"}"#), Some(Some("b".into())));
    }

    #[test]
    fn a_whole_number_may_be_written_with_a_fraction_of_zero() {
        let read = |json: &str| serde_json::from_str::<Whole<u32>>(json).map(|whole| whole.0).ok();
        assert_eq!(["3", "3.0", "3e2", "0", "4294967295"].map(read), [3, 3, 300, 0, u32::MAX].map(Some));
        assert_eq!(["3.5", "-3", "-3.0", "4294967296", "1e300", "\"3\"", "true"].map(read), [None; 7]);
    }

    #[test]
    fn what_was_sent_is_not_repeated() {
        let error = parse::<Switch>(br#"{"on": "cs_mt_secret"}"#).unwrap_err().to_string();
        assert_eq!(error, "The request can't be read: on: invalid type: text, expected a boolean at line 1 column 21");
    }

    #[test]
    fn errors_name_the_place_and_the_path() {
        assert_eq!(
            problem("{\"name\": 7}"),
            "The request can't be read: name: invalid type: integer `7`, expected a string at line 1 column 10"
        );
        assert_eq!(
            problem(r#"{"name": "a", "note": {"x": "cs_mt_secret"}}"#),
            "The request can't be read: note: invalid type: map, expected a string at line 1 column 22"
        );
        assert!(problem("{\"name\": \"a\",\n \"nmae\": 1}").contains("unknown field `nmae`"));
        assert!(problem("{\"name\": \"a\"").contains("line 1 column"));
        assert!(problem("{\"name\": \"a\"} x").contains("trailing characters at line 1 column 15"));
        assert!(problem("").contains("line 1 column 0"));
        assert!(problem("[\"a\"]").ends_with("send a JSON object, which begins with {"));
        assert!(problem("{\"name\": \"a\", \"name\": \"b\"}").contains("duplicate field `name`"));
    }
}
