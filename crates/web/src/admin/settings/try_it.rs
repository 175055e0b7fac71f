//! What to paste to see that a new API key works.

use countersign_domain::{Rights, Secret};
use countersign_persistence::directory::OrganizationEntry;

use crate::api::ROUTES;
use crate::state::AppState;

/// Two commands of a shell: one gets an access token, the other makes a call that the scopes allow.
pub(in crate::admin) fn try_it(
    state: &AppState,
    organization: &OrganizationEntry,
    client_id: &str,
    secret: &Secret,
    scopes: &[String],
) -> String {
    let rights = Rights::of_scopes(scopes);
    let (client_id, secret) = (quoted(client_id), quoted(secret.expose()));
    let token = format!(
        "TOKEN=$(curl -sS {}/oauth2/token -d grant_type=client_credentials \\\n  \
         --data-urlencode client_id={client_id} \\\n  --data-urlencode client_secret={secret} \\\n  \
         | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')",
        state.issuer(organization)
    );
    let reads = ROUTES.iter().find(|route| {
        let is_within = route.path.matches('{').count() == 1 && route.right.is_some_and(|right| rights.allow(right));
        route.method == "GET" && is_within
    });
    match reads.map(|route| route.path.replace("{org}", &organization.slug)) {
        Some(path) => format!("{token}\ncurl -sS {}{path} -H \"Authorization: Bearer $TOKEN\"", state.base_url),
        None => token,
    }
}

/// The text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_to_the_shell_does_not() {
        assert_eq!(quoted("$(reboot) `x`"), "'$(reboot) `x`'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
