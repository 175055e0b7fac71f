//! `client_secret_post`: Client ID and Client Secret in the body (RFC 6749 section 2.3.1).

use std::borrow::Cow;

use super::client_secret_basic::Basic;
use super::{Credentials, Method, Presented, secrets};

/// The entry in the table of methods.
pub(super) const METHOD: Method =
    Method { name: "client_secret_post", proves: true, read, verify: |attempt| Box::pin(secrets::verify(attempt)) };

/// A secret beside Basic credentials is read too, so that it is seen that there are two ways.
fn read<'a>(presented: &'a Presented<'_>) -> Vec<Credentials<'a>> {
    let in_header = presented.basic.as_ref().map(Basic::identifier);
    let (Some(identifier), Some(secret)) =
        (presented.parameters.get("client_id").or(in_header), presented.parameters.get("client_secret"))
    else {
        return Vec::new();
    };
    vec![Credentials { identifier: Cow::Borrowed(identifier), proof: Cow::Borrowed(secret) }]
}
