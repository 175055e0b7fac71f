//! The parameters of a request to an OAuth endpoint (RFC 6749 section 3.2).

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::OAuthError;
use crate::{WebError, form};

/// The parameters in the body; each was sent once.
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The value of a parameter. One without a value counts as not sent (RFC 6749 section 3.2).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    fn of(pairs: Vec<(String, String)>) -> Result<Self, OAuthError> {
        let is_repeated = pairs
            .iter()
            .enumerate()
            .any(|(index, (name, _))| pairs[..index].iter().any(|(earlier, _)| earlier == name));
        if is_repeated {
            return Err(OAuthError::invalid_request("Send each parameter once"));
        }
        Ok(Self(pairs))
    }
}

/// The redirect URI under its own name or the other that some clients send; both are good if they agree.
pub(super) fn redirect_uri<'a>(
    redirect_uri: Option<&'a str>,
    redirect_url: Option<&'a str>,
) -> Result<Option<&'a str>, &'static str> {
    match (redirect_uri, redirect_url) {
        (Some(uri), Some(url)) if uri != url => Err("redirect_uri and redirect_url differ: send redirect_uri alone"),
        (uri, url) => Ok(uri.or(url)),
    }
}

const IN_THE_QUERY: &str = "Send secrets in the body or a header: what stands in a URL is kept in logs and histories";

/// Whether the query of an address holds what should be in the body.
fn has_secret(query: &str) -> bool {
    const SECRETS: [&str; 6] = ["client_secret", "code", "code_verifier", "password", "refresh_token", "token"];
    url::form_urlencoded::parse(query.as_bytes())
        .any(|(name, value)| SECRETS.contains(&name.as_ref()) || value.starts_with("cs_"))
}

/// More parameters than any endpoint has; comparing them with each other must stay cheap.
const MOST: usize = 50;

impl FromRequest for Parameters {
    type Error = OAuthError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, OAuthError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let fields = form::read(request, payload);
        let is_in_the_query = has_secret(request.query_string());
        Box::pin(async move {
            if is_in_the_query {
                return Err(OAuthError::invalid_request(IN_THE_QUERY));
            }
            match fields.await {
                Ok(fields) => {
                    let pairs = fields.into_pairs();
                    if pairs.len() > MOST {
                        return Err(OAuthError::invalid_request("Send fewer parameters"));
                    }
                    Self::of(pairs)
                }
                // The protocol knows one answer to a body that it does not describe.
                Err(WebError::UnsupportedMediaType(accepted)) => {
                    Err(OAuthError::invalid_request(format!("Send the parameters as {accepted}")))
                }
                Err(other) => Err(other.into()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(pairs: &[(&str, &str)]) -> Result<Parameters, OAuthError> {
        Parameters::of(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_parameter_without_a_value_counts_as_not_sent() {
        let read = parameters(&[("token", "abc"), ("token_type_hint", "")]).unwrap();
        assert_eq!(read.get("token"), Some("abc"));
        assert_eq!(read.get("token_type_hint"), None);
        assert_eq!(read.get("client_id"), None);
    }

    #[test]
    fn a_parameter_that_is_sent_twice_is_refused() {
        assert!(parameters(&[("token", "abc"), ("token", "abc")]).is_err());
        assert!(parameters(&[("other", ""), ("other", "x")]).is_err());
    }
}
