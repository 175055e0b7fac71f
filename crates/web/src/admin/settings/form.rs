//! The fields of the settings: as saved, as typed, and what changes by them.

use countersign_domain::OrganizationSettings;
use countersign_domain::values::{HostName, InvalidValue, OrganizationName};
use serde::Serialize;

use super::super::page::{Field, Switch};
use crate::changes::organization::SettingsChanges;
use crate::error::FieldError;
use crate::form::Fields;

#[derive(Serialize)]
pub(super) struct Form {
    name: Field,
    host_name: Field,
    maximum_token_months: Field,
    default_token_months: Field,
    maximum_expires_in: Field,
    default_expires_in: Field,
    sign_in_codes_required: Switch,
}

impl Form {
    pub fn saved(settings: &OrganizationSettings) -> Self {
        let maximum = settings.access_tokens.maximum;
        Self {
            name: Field::of(&*settings.name),
            host_name: Field::of(settings.host.as_deref().unwrap_or_default()),
            maximum_token_months: Field::of(settings.maximum_token_months.to_string()),
            default_token_months: Field::of(settings.usual_token_months().to_string()),
            maximum_expires_in: Field::of(maximum.map(|seconds| seconds.to_string()).unwrap_or_default()),
            default_expires_in: Field::of(settings.access_tokens.of(None).to_string()),
            sign_in_codes_required: Switch::of(settings.sign_in_codes_required),
        }
    }

    pub fn typed(fields: &Fields, errors: &[FieldError]) -> Self {
        let field = |name| Field::typed(fields, name).marked(name, errors);
        Self {
            name: field("name"),
            host_name: field("host_name"),
            maximum_token_months: field("maximum_token_months"),
            default_token_months: field("default_token_months"),
            maximum_expires_in: field("maximum_expires_in"),
            default_expires_in: field("default_expires_in"),
            sign_in_codes_required: Switch::typed(fields, "sign_in_codes_required", errors),
        }
    }

    /// Says beside each field that differs what is saved now.
    pub fn compared_with(self, saved: &Self) -> Self {
        let codes = saved.sign_in_codes_required.value;
        Self {
            name: self.name.compared_with(&saved.name),
            host_name: self.host_name.compared_with(&saved.host_name),
            maximum_token_months: self.maximum_token_months.compared_with(&saved.maximum_token_months),
            default_token_months: self.default_token_months.compared_with(&saved.default_token_months),
            maximum_expires_in: self.maximum_expires_in.compared_with(&saved.maximum_expires_in),
            default_expires_in: self.default_expires_in.compared_with(&saved.default_expires_in),
            sign_in_codes_required: self.sign_in_codes_required.compared_with(codes, ["off", "required"]),
        }
    }
}

/// Reads the whole form: only what differs from what is saved becomes a change.
pub(super) fn read_changes(fields: &Fields, saved: &OrganizationSettings) -> Result<SettingsChanges, Vec<FieldError>> {
    let mut errors = Vec::new();
    let name = fields.required("name", &mut errors, OrganizationName::parse);
    let host = fields.optional("host_name", &mut errors, HostName::parse);
    let maximum_months = fields.required("maximum_token_months", &mut errors, months);
    let default_months = fields.required("default_token_months", &mut errors, months);
    let maximum_seconds = fields.optional("maximum_expires_in", &mut errors, seconds);
    let default_seconds = fields.required("default_expires_in", &mut errors, seconds);
    if !errors.is_empty() {
        return Err(errors);
    }
    // A default that a maximum overtakes is looked at too: the two stand beside each other.
    let overtaken_months = default_months > maximum_months;
    let overtaken_seconds = maximum_seconds.is_some() && default_seconds > maximum_seconds;
    let (lifetimes, codes) = (saved.access_tokens, fields.is_ticked("sign_in_codes_required"));
    Ok(SettingsChanges {
        version: Some(fields.get("version").to_owned()),
        name: name.filter(|name| name.as_str() != saved.name),
        host: (host.as_ref().map(HostName::as_str) != saved.host.as_deref()).then_some(host),
        maximum_token_months: maximum_months.filter(|months| *months != saved.maximum_token_months),
        default_token_months: default_months.filter(|months| overtaken_months || *months != saved.usual_token_months()),
        maximum_access_token_seconds: (maximum_seconds != lifetimes.maximum).then_some(maximum_seconds),
        default_access_token_seconds: default_seconds
            .filter(|seconds| overtaken_seconds || *seconds != lifetimes.of(None)),
        sign_in_codes_required: (codes != saved.sign_in_codes_required).then_some(codes),
    })
}

fn months(text: &str) -> Result<u16, InvalidValue> {
    text.trim().parse().map_err(|_| InvalidValue("Enter a whole number of months, like 6".into()))
}

fn seconds(text: &str) -> Result<u32, InvalidValue> {
    text.trim().parse().map_err(|_| InvalidValue("Enter a whole number of seconds, like 3600 for an hour".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(saved: &OrganizationSettings, changes: &[(&str, &str)]) -> Result<SettingsChanges, Vec<FieldError>> {
        let maximum = saved.access_tokens.maximum.map(|seconds| seconds.to_string()).unwrap_or_default();
        let shown = [
            ("name", saved.name.clone()),
            ("host_name", saved.host.clone().unwrap_or_default()),
            ("maximum_token_months", saved.maximum_token_months.to_string()),
            ("default_token_months", saved.usual_token_months().to_string()),
            ("maximum_expires_in", maximum),
            ("default_expires_in", saved.access_tokens.of(None).to_string()),
        ];
        let typed = shown.each_ref().map(|(name, value)| {
            let change = changes.iter().find(|(changed, _)| changed == name);
            (*name, change.map_or(value.as_str(), |(_, value)| value))
        });
        read_changes(&Fields::of(typed), saved)
    }

    #[test]
    fn a_form_as_it_was_shown_changes_nothing() {
        let saved = OrganizationSettings { name: "Acme".into(), ..OrganizationSettings::default() };
        // The default stands as it counts, though the one that was set is longer.
        let short = OrganizationSettings { maximum_token_months: 3, ..saved.clone() };
        for saved in [saved, short] {
            let changes = form(&saved, &[]).unwrap();
            assert_eq!(changes.name.map(|name| name.to_string()), None);
            assert_eq!((changes.maximum_token_months, changes.default_token_months), (None, None));
            assert_eq!((changes.maximum_access_token_seconds, changes.default_access_token_seconds), (None, None));
            assert_eq!((changes.host.is_some(), changes.sign_in_codes_required), (false, None));
        }
    }

    #[test]
    fn a_default_beyond_a_new_maximum_is_not_kept_in_silence() {
        let saved = OrganizationSettings { name: "Acme".into(), ..OrganizationSettings::default() };
        let changes = form(&saved, &[("maximum_token_months", "3"), ("maximum_expires_in", "600")]).unwrap();
        assert_eq!((changes.maximum_token_months, changes.default_token_months), (Some(3), Some(6)));
        assert_eq!(changes.maximum_access_token_seconds, Some(Some(600)));
        assert_eq!(changes.default_access_token_seconds, Some(3600));
    }

    #[test]
    fn each_bad_field_is_named() {
        let saved = OrganizationSettings { name: "Acme".into(), ..OrganizationSettings::default() };
        let bad = [
            ("name", " "),
            ("host_name", "https://x"),
            ("maximum_token_months", "two"),
            ("default_token_months", ""),
            ("maximum_expires_in", "1h"),
            ("default_expires_in", "-1"),
        ];
        let errors = form(&saved, &bad).unwrap_err();
        assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), bad.map(|(name, _)| name));
    }
}
