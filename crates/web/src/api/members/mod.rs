//! Members.

pub(super) mod add;
pub(super) mod change;
pub(super) mod end_sessions;
pub(super) mod get;
pub(super) mod list;
pub(super) mod reset_sign_in_codes;
pub(super) mod sign_in_link;
pub(super) mod view;

use countersign_domain::values::Note;
use countersign_persistence::Context;
use serde::Deserialize;

use super::query::Check;
use crate::WebError;

/// Why something is done with how a member signs in.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({ "reason": "Lost telephone, called back at the known number." }))]
pub(super) struct Reason {
    /// Kept in the audit timeline.
    reason: Option<String>,
}

impl Reason {
    /// Who does it and why.
    fn into_context(self, context: Context) -> Result<Context, WebError> {
        let mut check = Check::default();
        let reason = check.optional("reason", self.reason.as_deref(), Note::parse);
        check.finish()?;
        Ok(Context { reason, ..context })
    }
}
