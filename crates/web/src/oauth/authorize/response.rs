//! The authorization response (RFC 6749 section 4.1.2, RFC 9207).

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use url::Url;

use crate::oauth::OAuthError;

/// Where the response goes, and what it carries whatever comes of the request.
#[derive(Debug, Clone)]
pub(crate) struct ResponseTarget {
    redirect_uri: String,
    issuer: String,
    state: Option<String>,
}

/// What the client is told instead of a code (RFC 6749 section 4.1.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RedirectError {
    pub code: &'static str,
    pub description: Cow<'static, str>,
}

impl RedirectError {
    pub fn invalid_request(description: &'static str) -> Self {
        Self { code: "invalid_request", description: description.into() }
    }
}

impl From<&OAuthError> for RedirectError {
    fn from(error: &OAuthError) -> Self {
        Self { code: error.code(), description: error.to_string().into() }
    }
}

impl ResponseTarget {
    pub fn new(redirect_uri: &str, issuer: String, state: &str) -> Self {
        let state = Some(state).filter(|state| !state.is_empty()).map(str::to_owned);
        Self { redirect_uri: redirect_uri.to_owned(), issuer, state }
    }

    /// The redirect URI, as the client sent or registered it.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// To whom the answer goes, for a person who is about to send it there.
    pub fn host(&self) -> String {
        let url = Url::parse(&self.redirect_uri).ok();
        let host = url.as_ref().and_then(|url| match url.scheme() {
            "https" | "http" => url.host_str().map(str::to_owned),
            scheme => Some(format!("the application {scheme}")),
        });
        host.unwrap_or_else(|| self.redirect_uri.clone())
    }

    /// The response that carries a code.
    pub fn with_code(&self, code: &str) -> HttpResponse {
        self.redirect(&[("code", code)])
    }

    /// The response that carries an error.
    pub fn with_error(&self, error: &RedirectError) -> HttpResponse {
        self.redirect(&[("error", error.code), ("error_description", &error.description)])
    }

    /// 303, so that no browser repeats a form at the client (RFC 9700 section 4.12). The redirect URI's own query is
    /// kept as it is written.
    fn redirect(&self, parameters: &[(&str, &str)]) -> HttpResponse {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        query.extend_pairs(self.state.as_deref().map(|state| ("state", state)));
        query.append_pair("iss", &self.issuer);
        let separator = match self.redirect_uri.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some(_) => "&",
        };
        let location = format!("{}{separator}{}", self.redirect_uri, query.finish());
        HttpResponse::SeeOther().insert_header((LOCATION, location)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(redirect_uri: &str, state: &str) -> String {
        let target = ResponseTarget::new(redirect_uri, "https://x.example/t/acme".into(), state);
        let response = target.with_code("cs_ac_1");
        response.headers().get(LOCATION).unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn the_response_carries_state_and_issuer() {
        assert_eq!(
            location("https://client.example/cb", "a b&c=é"),
            "https://client.example/cb?code=cs_ac_1&state=a+b%26c%3D%C3%A9&iss=https%3A%2F%2Fx.example%2Ft%2Facme"
        );
        assert!(!location("https://client.example/cb", "").contains("state"));
    }

    #[test]
    fn a_query_of_the_redirect_uri_is_kept() {
        assert!(
            location("https://client.example/cb?a=b%20c", "").starts_with("https://client.example/cb?a=b%20c&code=")
        );
        assert!(location("https://client.example/cb?", "").starts_with("https://client.example/cb?code="));
        assert!(location("com.example.app:/cb", "").starts_with("com.example.app:/cb?code="));
    }

    #[test]
    fn a_person_sees_where_the_answer_goes() {
        let host = |uri| ResponseTarget::new(uri, String::new(), "").host();
        assert_eq!(host("https://client.example:8443/cb"), "client.example");
        assert_eq!(host("com.example.app:/cb"), "the application com.example.app");
    }
}
