//! The fields of a client: as saved, as typed, and what changes by them.

use countersign_domain::values::{InvalidValue, RedirectUri, Scope};
use countersign_domain::{AccessTokenLifetimes, ApiScope, ClientSettings, Digest, GrantType};
use countersign_persistence::queries::clients::ClientDetail;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::super::page::{Field, Switch};
use super::super::secrets::{end_on, ticked_secrets};
use super::super::settings::ticked_scopes;
use crate::changes::clients::{ClientChanges, NewSecret, Retirement, SettingsChanges};
use crate::chosen_secret;
use crate::error::FieldError;
use crate::form::Fields;
use crate::zone::Zone;

/// For how long a secret that is replaced can keep working.
const OVERLAPS: [(&str, SignedDuration); 4] = [
    ("hour", SignedDuration::from_hours(1)),
    ("day", SignedDuration::from_hours(24)),
    ("week", SignedDuration::from_hours(7 * 24)),
    ("month", SignedDuration::from_hours(30 * 24)),
];

/// The fields of an existing client.
#[derive(Serialize)]
pub(super) struct Form {
    active: Switch,
    expires_in: Field,
    redirect_uris: Field,
    scopes: Field,
    grant_types: GrantTypes,
    pkce_required: Switch,
    may_introspect: Switch,
    /// Without what was typed: a page never holds a secret that could be read from it.
    client_secret: Field,
    secret_expires_on: Field,
    overlap: String,
}

#[derive(Serialize)]
struct GrantTypes {
    authorization_code: bool,
    client_credentials: bool,
    refresh_token: bool,
    error: Option<String>,
}

impl GrantTypes {
    fn of(has: impl Fn(GrantType) -> bool, error: Option<String>) -> Self {
        Self {
            authorization_code: has(GrantType::AuthorizationCode),
            client_credentials: has(GrantType::ClientCredentials),
            refresh_token: has(GrantType::RefreshToken),
            error,
        }
    }
}

impl Form {
    pub fn saved(detail: &ClientDetail) -> Self {
        let settings = &detail.settings;
        Self {
            active: Switch::of(detail.active),
            expires_in: Field::of(
                settings.access_token_lifetime.map(|seconds| seconds.to_string()).unwrap_or_default(),
            ),
            redirect_uris: Field::of(detail.redirect_uris.join("\n")),
            scopes: Field::of(saved_scopes(settings).join(" ")),
            grant_types: GrantTypes::of(|grant| settings.grant_types.contains(&grant), None),
            pkce_required: Switch::of(settings.pkce_required),
            may_introspect: Switch::of(settings.may_introspect),
            client_secret: Field::default(),
            secret_expires_on: Field::default(),
            overlap: String::new(),
        }
    }

    pub fn typed(fields: &Fields, is_api_key: bool, errors: &[FieldError]) -> Self {
        let field = |name| Field::typed(fields, name).marked(name, errors);
        let switch = |name| Switch::typed(fields, name, errors);
        let grant_types = ticked_grant_types(fields);
        let ticked = Field::of(in_text(&scopes_of_boxes(fields)).join(" "));
        Self {
            active: switch("active"),
            expires_in: field("expires_in"),
            redirect_uris: field("redirect_uris"),
            scopes: if is_api_key { ticked.marked("scopes", errors) } else { field("scopes") },
            grant_types: GrantTypes::of(
                |grant| grant_types.contains(&grant),
                Field::default().marked("grant_types", errors).error,
            ),
            pkce_required: switch("pkce_required"),
            may_introspect: switch("may_introspect"),
            client_secret: Field::default().marked("client_secret", errors),
            secret_expires_on: field("secret_expires_on"),
            overlap: fields.get("overlap").to_owned(),
        }
    }

    /// Says beside each field that differs what is saved now.
    pub fn compared_with(self, saved: &Self) -> Self {
        let (on, off) = ("on", "off");
        Self {
            active: self.active.compared_with(saved.active.value, ["not Active", "Active"]),
            expires_in: self.expires_in.compared_with(&saved.expires_in),
            redirect_uris: self.redirect_uris.compared_with(&saved.redirect_uris),
            scopes: self.scopes.compared_with(&saved.scopes),
            grant_types: self.grant_types.compared_with(&saved.grant_types),
            pkce_required: self.pkce_required.compared_with(saved.pkce_required.value, [off, on]),
            may_introspect: self.may_introspect.compared_with(saved.may_introspect.value, [off, on]),
            ..self
        }
    }
}

impl Form {
    /// The scopes with spaces between, and what is wrong with them.
    pub fn scopes(&self) -> &Field {
        &self.scopes
    }
}

/// The scopes of an API key come in the order of the boxes, whatever the one in which they were set.
fn saved_scopes(settings: &ClientSettings) -> Vec<String> {
    if !settings.api_access {
        return settings.scopes.clone();
    }
    let known = ApiScope::ALL.into_iter().map(|scope| scope.as_str().to_owned());
    known.filter(|scope| settings.scopes.contains(scope)).collect()
}

fn scopes_of_boxes(fields: &Fields) -> Vec<Scope> {
    ticked_scopes(fields).into_iter().filter_map(|scope| Scope::parse(scope.as_str()).ok()).collect()
}

impl GrantTypes {
    fn ticked(&self) -> Vec<&'static str> {
        let all = [
            (self.authorization_code, GrantType::AuthorizationCode),
            (self.client_credentials, GrantType::ClientCredentials),
            (self.refresh_token, GrantType::RefreshToken),
        ];
        all.into_iter().filter(|(is_ticked, _)| *is_ticked).map(|(_, grant)| grant.as_str()).collect()
    }

    fn compared_with(mut self, saved: &Self) -> Self {
        if self.ticked() != saved.ticked() {
            self.error = Some(format!("Saved at present: {}", saved.ticked().join(", ")));
        }
        self
    }
}

/// What the form of a new client and that of an existing one share.
pub(super) struct Typed {
    pub redirect_uris: Vec<RedirectUri>,
    pub scopes: Vec<Scope>,
    pub expires_in: Option<u32>,
}

/// Reads the fields that both forms have; notes what is wrong with them.
pub(super) fn read(fields: &Fields, errors: &mut Vec<FieldError>) -> Typed {
    Typed {
        redirect_uris: fields.optional("redirect_uris", errors, redirect_uris).unwrap_or_default(),
        scopes: fields.optional("scopes", errors, scopes).unwrap_or_default(),
        expires_in: fields.optional("expires_in", errors, seconds),
    }
}

fn redirect_uris(text: &str) -> Result<Vec<RedirectUri>, InvalidValue> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| RedirectUri::parse(line).map_err(|problem| about(line, &problem))).collect()
}

fn scopes(text: &str) -> Result<Vec<Scope>, InvalidValue> {
    text.split_whitespace().map(|scope| Scope::parse(scope).map_err(|problem| about(scope, &problem))).collect()
}

/// Which of several is not acceptable, and why.
fn about(one: &str, problem: &InvalidValue) -> InvalidValue {
    let shown = one.chars().take(60).collect::<String>();
    InvalidValue(format!("“{shown}”: {problem}").into())
}

fn seconds(text: &str) -> Result<u32, InvalidValue> {
    text.trim().parse().map_err(|_| InvalidValue("Enter a whole number of seconds, like 3600 for an hour".into()))
}

fn ticked_grant_types(fields: &Fields) -> Vec<GrantType> {
    let ticked = |grant: &GrantType| fields.is_ticked(&format!("grant_types[{}]", grant.as_str()));
    GrantType::ALL.into_iter().filter(ticked).collect()
}

/// What is said beside how long access tokens live, of a client whose tokens live so long as saved.
pub(super) fn lifetime_hint(organization: AccessTokenLifetimes, saved: Option<u32>) -> String {
    let default = organization.of(None);
    match organization.maximum {
        None => format!(
            "How long each access token lives, from 60 on. Left empty, {default}; tokens that a user grants to a third \
             party in automatic mode then do not expire."
        ),
        Some(maximum) if saved.is_some_and(|seconds| seconds > maximum) => format!(
            "How long each access token lives, from 60 on. The organization allows no more than {maximum}, so new tokens \
             are cut to that."
        ),
        Some(maximum) => format!(
            "How long each access token lives, from 60 to {maximum}, which is the organization's maximum. Left empty, \
             {default}."
        ),
    }
}

/// Whether a new secret is asked for besides saving.
pub(super) fn is_new_secret(fields: &Fields) -> bool {
    fields.get("action") == "new-secret"
}

/// Reads the whole form of an existing client: only what differs from what is saved becomes a change.
pub(super) fn read_changes(
    fields: &Fields,
    detail: &ClientDetail,
    now: Timestamp,
    zone: &Zone,
) -> Result<ClientChanges, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut typed = read(fields, &mut errors);
    let settings = &detail.settings;
    if settings.api_access {
        typed.scopes = scopes_of_boxes(fields);
    }
    let add_secret = is_new_secret(fields).then(|| {
        fields.optional("client_secret", &mut errors, chosen_secret::check);
        let expires_at = fields.optional("secret_expires_on", &mut errors, |text| end_on(text, now, zone));
        let overlap = OVERLAPS.iter().find(|(name, _)| *name == fields.get("overlap"));
        let retire_others = overlap.map(|(_, length)| Retirement::of(&detail.secrets, now + *length));
        NewSecret { chosen: None, expires_at, retire_others }
    });
    if !errors.is_empty() {
        return Err(errors);
    }
    let is_other = |texts: Vec<String>, saved: &[String]| texts != saved;
    let grant_types = ticked_grant_types(fields);
    let switch = |name, saved: bool| Some(fields.is_ticked(name)).filter(|ticked| *ticked != saved);
    let scopes = is_other(in_text(&typed.scopes), &saved_scopes(settings)).then_some(typed.scopes);
    let access_token_lifetime = (typed.expires_in != settings.access_token_lifetime).then_some(typed.expires_in);
    let changes = ClientChanges {
        settings: SettingsChanges { scopes, access_token_lifetime, ..SettingsChanges::default() },
        active: switch("active", detail.active),
        remove_secrets: ticked_secrets(fields),
        add_secret,
        redirect_uris: None,
    };
    if settings.api_access {
        // Its page has nothing of what only the authorization code is about.
        return Ok(changes);
    }
    Ok(ClientChanges {
        redirect_uris: is_other(in_text(&typed.redirect_uris), &detail.redirect_uris).then_some(typed.redirect_uris),
        settings: SettingsChanges {
            grant_types: (grant_types != settings.grant_types).then_some(grant_types),
            pkce_required: switch("pkce_required", settings.pkce_required),
            may_introspect: switch("may_introspect", settings.may_introspect),
            ..changes.settings
        },
        ..changes
    })
}

fn in_text(values: &[impl ToString]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

/// By what a form is recognized as overtaken: all that can be changed on its page. The secrets keep a repeated
/// submission (a reload, a second click) from making a second one.
pub(super) fn page_version(detail: &ClientDetail) -> String {
    let secrets = detail.secrets.iter().map(|secret| (secret.id, secret.expires_at)).collect::<Vec<_>>();
    let saved = format!("{:?}", (detail.active, &detail.settings, &detail.redirect_uris, secrets));
    hex::encode(&Digest::of(&saved).0[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_of_several_is_wrong_is_said() {
        let fields = Fields::of([
            ("redirect_uris", "https://one.example/\r\n\r\n  http://two.example/"),
            ("scopes", "read  wri\"te"),
            ("expires_in", "an hour"),
        ]);
        let mut errors = Vec::new();
        read(&fields, &mut errors);
        let named = errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>();
        assert_eq!(named, ["redirect_uris", "scopes", "expires_in"]);
        assert!(errors[0].message.starts_with("“http://two.example/”: "));
        assert!(errors[1].message.starts_with("“wri\"te”: "));
    }
}
