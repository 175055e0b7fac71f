//! The scopes of an API key as boxes to tick.

use countersign_domain::{ApiScope, Rights};
use serde::Serialize;

use crate::form::Fields;

/// What `partials/api-scopes.hbs` reads.
#[derive(Serialize)]
pub(in crate::admin) struct ScopeBoxes {
    scopes: Vec<ScopeBox>,
    error: Option<String>,
}

#[derive(Serialize)]
struct ScopeBox {
    name: &'static str,
    words: &'static str,
    ticked: bool,
    /// It goes beyond the rights of who looks at the page.
    beyond: bool,
}

impl ScopeBoxes {
    /// The boxes for somebody with these rights; what a key has already it may keep.
    pub fn of(ticked: &str, saved: &[String], rights: &Rights, error: Option<String>) -> Self {
        let had = Rights::of_scopes(saved);
        let one = |scope: ApiScope| ScopeBox {
            name: scope.as_str(),
            words: words(scope),
            ticked: ticked.split(' ').any(|name| name == scope.as_str()),
            beyond: !had.cover(scope) && !rights.cover(scope),
        };
        Self { scopes: ApiScope::ALL.into_iter().map(one).collect(), error }
    }
}

fn words(scope: ApiScope) -> &'static str {
    match scope {
        ApiScope::ReadThirdParties => "Read third parties, OAuth clients and what is known of their tokens",
        ApiScope::ManageThirdParties => "Add, change and delete them, and issue tokens and secrets",
        ApiScope::ReadAudit => "Read the audit timeline",
        ApiScope::ReadMembers => "Read who the members are",
        ApiScope::ManageMembers => "Add members, and change what they may do",
        ApiScope::ReadSettings => "Read the settings of the organization",
        ApiScope::ManageSettings => "Change the settings of the organization",
    }
}

/// The scopes that were ticked, in the order of the boxes.
pub(in crate::admin) fn ticked_scopes(fields: &Fields) -> Vec<ApiScope> {
    let ticked = |scope: &ApiScope| fields.is_ticked(&format!("scopes[{}]", scope.as_str()));
    ApiScope::ALL.into_iter().filter(ticked).collect()
}
