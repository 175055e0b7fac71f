//! `none`: a public client says who it is and proves nothing (RFC 6749 section 2.1).

use std::borrow::Cow;
use std::future::ready;

use countersign_domain::client::AuthenticationFailure;

use super::{Attempt, Credentials, Method, Presented, Verdict};

/// The entry in the table of methods.
pub(super) const METHOD: Method =
    Method { name: "none", proves: false, read, verify: |attempt| Box::pin(ready(Ok(verdict(&attempt)))) };

/// An empty secret is none, whichever way it is sent: some libraries can't do without one.
fn read<'a>(presented: &'a Presented<'_>) -> Vec<Credentials<'a>> {
    if let Some(basic) = &presented.basic {
        return if basic.is_without_secret() { basic.readings() } else { Vec::new() };
    }
    let identifier =
        presented.parameters.get("client_id").filter(|_| presented.parameters.get("client_secret").is_none());
    let credentials =
        identifier.map(|identifier| Credentials { identifier: Cow::Borrowed(identifier), proof: Cow::Borrowed("") });
    credentials.into_iter().collect()
}

fn verdict(attempt: &Attempt<'_>) -> Verdict {
    let is_public = attempt.client.is_some_and(|client| client.is_public);
    if is_public { Ok(()) } else { Err(AuthenticationFailure::MissingSecret) }
}
