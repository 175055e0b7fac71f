//! What pages show of client secrets: those that there are, and a new one at the one moment it can be read.

use countersign_domain::client::MAXIMUM_SECRETS;
use countersign_domain::values::InvalidValue;
use countersign_domain::{Secret, SecretId};
use countersign_persistence::queries::third_parties::SecretSummary;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::form::Fields;
use crate::zone::Zone;

/// What `partials/secrets.hbs` reads of each.
#[derive(Serialize)]
pub(super) struct SecretRow {
    id: String,
    mask: String,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    expired: bool,
    last_used_at: Option<Timestamp>,
    remove: bool,
}

/// What `partials/revealed.hbs` reads of each.
#[derive(Serialize)]
pub(super) struct RevealedLine {
    label: &'static str,
    value: String,
}

impl RevealedLine {
    pub fn of(label: &'static str, value: impl Into<String>) -> Self {
        Self { label, value: value.into() }
    }

    pub fn secret(label: &'static str, secret: &Secret) -> Self {
        Self::of(label, secret.expose())
    }
}

/// The secrets, newest first, with the boxes as they were ticked in a form that was refused.
pub(super) fn secret_rows(secrets: &[SecretSummary], typed: Option<&Fields>, now: Timestamp) -> Vec<SecretRow> {
    let row = |secret: &SecretSummary| SecretRow {
        id: secret.id.to_string(),
        mask: secret.masked.clone(),
        created_at: secret.created_at,
        expires_at: secret.expires_at,
        expired: is_expired(secret, now),
        last_used_at: secret.last_used_at,
        remove: typed.is_some_and(|fields| fields.is_ticked(&format!("remove_secret[{}]", secret.id))),
    };
    secrets.iter().rev().map(row).collect()
}

/// Whether there is room for another: secrets that have expired take none.
pub(super) fn has_room(secrets: &[SecretSummary], now: Timestamp) -> bool {
    secrets.iter().filter(|secret| !is_expired(secret, now)).count() < MAXIMUM_SECRETS
}

fn is_expired(secret: &SecretSummary, now: Timestamp) -> bool {
    secret.expires_at.is_some_and(|at| at <= now)
}

/// The secrets whose box Remove was ticked.
pub(super) fn ticked_secrets(fields: &Fields) -> Vec<SecretId> {
    fields.keys_of("remove_secret").filter_map(|key| key.parse().ok()).collect()
}

/// The instant on a chosen day at which something ends: on the person's day, at the present time of day, as a default in
/// months keeps the time of day.
pub(super) fn end_on(text: &str, now: Timestamp, zone: &Zone) -> Result<Timestamp, InvalidValue> {
    let day = text.trim().parse::<Date>().map_err(|_| InvalidValue("Enter a date like 2027-05-31".into()))?;
    let at = zone.at_time_of(day, now).ok_or(InvalidValue("Choose an earlier date".into()))?;
    if at > now { Ok(at) } else { Err(InvalidValue("Choose a date in the future".into())) }
}
/// The part of a file name that tells whose it is: only what every file system takes.
pub(super) fn file_name_part(name: &str, otherwise: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join("-");
    if joined.is_empty() { otherwise.to_owned() } else { joined }
}
