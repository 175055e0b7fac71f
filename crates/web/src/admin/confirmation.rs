//! What pages that ask before something ends for good share: a reason for the record, and that nothing changed meanwhile.

use countersign_domain::values::Note;
use countersign_persistence::{Context, StoreError};
use serde::Serialize;

use super::page::Field;
use super::refusal::Refusal;
use crate::WebError;
use crate::caller::Caller;
use crate::error::FieldError;
use crate::form::Fields;

/// The fields of the form.
#[derive(Default, Serialize)]
pub(super) struct Confirmation {
    reason: Field,
}

impl Confirmation {
    /// Who does it and why, if what was confirmed is still as the page showed it.
    pub fn read<R>(fields: &Fields, caller: &Caller<R>, version: &str) -> Result<Context, WebError> {
        let mut errors = Vec::new();
        let mut context = caller.context();
        context.reason = fields.optional("reason", &mut errors, Note::parse);
        if !errors.is_empty() {
            return Err(WebError::Invalid(errors));
        }
        if fields.get("version") == version { Ok(context) } else { Err(StoreError::ChangedMeanwhile.into()) }
    }

    /// The form as it was typed, with what was wrong.
    pub fn refused(fields: &Fields, refusal: &mut Refusal) -> Self {
        if refusal.is_overtaken {
            let message = "This was changed after you opened the page, so it was not deleted. Look at it again, then \
                           delete it if you still want to.";
            refusal.errors = vec![FieldError::new("", &message)];
        }
        Self { reason: Field::typed(fields, "reason").marked("reason", &refusal.errors) }
    }
}
