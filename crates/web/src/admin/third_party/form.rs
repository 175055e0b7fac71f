//! The fields of a third party: as saved, as typed, and what changes by them.

use countersign_domain::expiry::add_calendar_months;
use countersign_domain::third_party::{Contact, Mode};
use countersign_domain::values::{EmailAddress, InvalidValue, Note, PersonName, RedirectUri, ThirdPartyName};
use countersign_domain::{Rights, TokenId};
use countersign_persistence::queries::third_parties::ThirdPartyDetail;
use jiff::Timestamp;
use serde::Serialize;

use super::super::page::Field;
use super::super::secrets::{end_on, ticked_secrets};
use crate::changes::third_parties::{NewThirdParty, NewToken, ThirdPartyChanges};
use crate::error::FieldError;
use crate::form::Fields;
use crate::zone::Zone;

/// The fields that a third party has from the beginning.
#[derive(Debug, Default, Serialize)]
pub(super) struct Details {
    name: Field,
    contact_name: Field,
    contact_email: Field,
    note: Field,
    mode: Field,
    callback_url: Field,
}

impl Details {
    /// As a new one begins.
    pub fn empty() -> Self {
        Self { mode: Field::of(Mode::default().as_str()), ..Self::default() }
    }

    pub fn saved(detail: &ThirdPartyDetail) -> Self {
        let text = |value: &Option<String>| Field::of(value.as_deref().unwrap_or_default());
        Self {
            name: Field::of(&*detail.name),
            contact_name: text(&detail.contact_name),
            contact_email: text(&detail.contact_email),
            note: text(&detail.requirements),
            mode: Field::of(detail.mode.as_str()),
            callback_url: Field::of(callback_url(detail).unwrap_or_default()),
        }
    }

    pub fn typed(fields: &Fields, errors: &[FieldError]) -> Self {
        let field = |name| Field::typed(fields, name).marked(name, errors);
        Self {
            name: field("name"),
            contact_name: field("contact_name"),
            contact_email: field("contact_email"),
            note: field("note"),
            mode: field("mode"),
            callback_url: field("callback_url"),
        }
    }

    /// Says beside each field that differs what is saved now, for somebody whose form was overtaken.
    pub fn compared_with(self, saved: &Self) -> Self {
        Self {
            name: self.name.compared_with(&saved.name),
            contact_name: self.contact_name.compared_with(&saved.contact_name),
            contact_email: self.contact_email.compared_with(&saved.contact_email),
            note: self.note.compared_with(&saved.note),
            mode: self.mode.compared_with(&saved.mode),
            callback_url: self.callback_url.compared_with(&saved.callback_url),
        }
    }
}

/// Where authorization responses go; the pages know of one address.
pub(super) fn callback_url(detail: &ThirdPartyDetail) -> Option<&str> {
    detail.client.as_ref().and_then(|client| client.redirect_uris.first()).map(String::as_str)
}

/// Reads the fields that a third party has from the beginning; notes what is wrong with them.
pub(super) fn read(fields: &Fields, errors: &mut Vec<FieldError>) -> Option<NewThirdParty> {
    let name = fields.required("name", errors, ThirdPartyName::parse);
    let contact = Contact {
        name: fields.optional("contact_name", errors, PersonName::parse),
        email: fields.optional("contact_email", errors, EmailAddress::parse),
    };
    let requirements = fields.optional("note", errors, Note::parse);
    let mode = fields.required("mode", errors, str::parse::<Mode>);
    let callback_url = fields.optional("callback_url", errors, RedirectUri::parse);
    Some(NewThirdParty { name: name?, contact, requirements, mode: mode?, callback_url })
}

/// What the page's form asks for besides saving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Save,
    NewSecret,
    AddToken,
}

impl Action {
    pub fn of(fields: &Fields) -> Self {
        match fields.get("action") {
            "new-secret" => Self::NewSecret,
            "add-token" => Self::AddToken,
            _ => Self::Save,
        }
    }
}

/// Reads the whole form of an existing third party: only what differs from what is saved becomes a change.
pub(super) fn read_changes(
    fields: &Fields,
    detail: &ThirdPartyDetail,
    maximum_months: u16,
    rights: Rights,
    now: Timestamp,
    zone: &Zone,
) -> Result<ThirdPartyChanges, Vec<FieldError>> {
    let mut errors = Vec::new();
    let typed = read(fields, &mut errors);
    let action = Action::of(fields);
    let expires_at = if action == Action::AddToken {
        fields.optional("expires_on", &mut errors, |text| expiry_on(text, maximum_months, now, zone))
    } else {
        None
    };
    let Some(typed) = typed.filter(|_| errors.is_empty()) else { return Err(errors) };
    let contact = (typed.contact.name.as_ref().map(PersonName::as_str) != detail.contact_name.as_deref()
        || typed.contact.email.as_ref().map(EmailAddress::as_str) != detail.contact_email.as_deref())
    .then_some(typed.contact);
    let requirements =
        (typed.requirements.as_ref().map(Note::as_str) != detail.requirements.as_deref()).then_some(typed.requirements);
    let enabled = fields.is_ticked("enabled");
    Ok(ThirdPartyChanges {
        version: version_of(fields),
        name: (typed.name.as_str() != detail.name).then_some(typed.name),
        contact,
        requirements,
        mode: (typed.mode != detail.mode).then_some(typed.mode),
        enabled: (enabled != detail.enabled).then_some(enabled),
        callback_url: (typed.callback_url.as_ref().map(RedirectUri::as_str) != callback_url(detail))
            .then_some(typed.callback_url),
        tokens: switched_tokens(fields),
        add_token: (action == Action::AddToken).then_some(NewToken { expires_at }),
        add_secret: (action == Action::NewSecret).then_some(rights),
        remove_secrets: ticked_secrets(fields),
    })
}

/// The tokens whose Active box the person changed. What merely stayed as it was on the page is left alone, or saving
/// a page would undo what somebody else switched off since it was opened.
pub(super) fn switched_tokens(fields: &Fields) -> Vec<(TokenId, bool)> {
    let switched = fields.keys_of("shown").filter_map(|key| {
        let was_active = fields.get(&format!("shown[{key}]")) == "active";
        let is_active = fields.is_ticked(&format!("active[{key}]"));
        (is_active != was_active).then(|| key.parse().ok().map(|token| (token, is_active))).flatten()
    });
    switched.collect()
}

/// The instant at which a token expires on a chosen day, within the organization's limit.
fn expiry_on(text: &str, maximum_months: u16, now: Timestamp, zone: &Zone) -> Result<Timestamp, InvalidValue> {
    let at = end_on(text, now, zone)?;
    if add_calendar_months(now, maximum_months).is_some_and(|latest| at > latest) {
        let message = format!("Choose a date within {maximum_months} months: the organization allows no longer");
        return Err(InvalidValue(message.into()));
    }
    Ok(at)
}

/// By what a form is recognized as overtaken: the third party's version, and how many secrets and tokens its page
/// showed. The counts keep a repeated submission (a reload, a second click) from making a second secret.
pub(super) fn page_version(detail: &ThirdPartyDetail) -> String {
    let secrets = detail.client.as_ref().map_or(0, |client| client.secrets.len());
    format!("{}-{secrets}-{}", detail.version, detail.tokens.len())
}

/// Whether what the form was filled in on is still what is saved.
pub(super) fn is_current(fields: &Fields, detail: &ThirdPartyDetail) -> bool {
    match Action::of(fields) {
        Action::Save => version_of(fields) == Some(detail.version),
        Action::NewSecret | Action::AddToken => fields.get("version") == page_version(detail),
    }
}

fn version_of(fields: &Fields) -> Option<u64> {
    fields.get("version").split('-').next().and_then(|version| version.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_chosen_day_expires_at_the_present_time_of_day() {
        let now = at("2026-08-31T14:05:06.7Z");
        let expiry_on = |text, months, now| expiry_on(text, months, now, &Zone::UTC);
        assert_eq!(expiry_on("2026-09-01", 24, now), Ok(at("2026-09-01T14:05:06.7Z")));
        assert_eq!(expiry_on("2027-02-28", 6, now), Ok(at("2027-02-28T14:05:06.7Z")));
        assert!(expiry_on("2027-03-01", 6, now).is_err());
        assert!(expiry_on("2026-08-31", 24, now).is_err());
        assert!(expiry_on("2025-01-01", 24, now).is_err());
        assert!(expiry_on("31.12.2026", 24, now).is_err());
        assert!(expiry_on("9999-12-31", 24, now).is_err());
    }

    #[test]
    fn only_boxes_that_were_changed_switch_a_token() {
        let id = |number: u128| TokenId(uuid::Uuid::from_u128(number));
        let names = [1, 2, 3].map(|number| (format!("shown[{}]", id(number)), format!("active[{}]", id(number))));
        let fields = Fields::of([
            (&names[0].0, "active"),
            (&names[0].1, "on"),
            (&names[1].0, "active"),
            (&names[2].0, "inactive"),
            (&names[2].1, "on"),
        ]);
        assert_eq!(switched_tokens(&fields), [(id(2), false), (id(3), true)]);
    }
}
