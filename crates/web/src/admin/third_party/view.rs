//! What `third-party.hbs` reads.

use countersign_domain::expiry::add_calendar_months;
use countersign_domain::token::TokenStatus;
use countersign_domain::validity::{AuthorizationStanding, Circumstances, Standing, TokenFacts};
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::queries::clients::NamedClient;
use countersign_persistence::queries::third_parties::ThirdPartyDetail;
use countersign_persistence::queries::tokens::TokenSummary;
use jiff::Timestamp;
use serde::Serialize;

use super::super::charts::{self, Chart};
use super::super::page::{Field, Frame, LastUse, Switch, base};
use super::super::secrets::{RevealedLine, SecretRow, file_name_part, has_room, secret_rows};
use super::form::{Details, page_version, switched_tokens};
use crate::changes::third_parties::Revealed;
use crate::error::FieldError;
use crate::form::Fields;
use crate::overview::SOON;
use crate::requests::RequestCounts;

#[derive(Serialize)]
pub(super) struct ThirdPartyPage {
    page: Frame,
    can_edit: bool,
    third_party: ThirdPartyLine,
    deleted: bool,
    history: Option<String>,
    version: String,
    form: Form,
    contact: String,
    active_tokens: usize,
    last_use: Option<LastUse>,
    client_id: String,
    clients: Vec<ClientLink>,
    add_client: Option<String>,
    secrets: Vec<SecretRow>,
    can_add_secret: bool,
    default_expires_at: Timestamp,
    max_expires_on: Option<String>,
    tokens: Vec<TokenRow>,
    past_tokens: Vec<TokenRow>,
    revealed: Vec<RevealedLine>,
    reveal_file: String,
    requests: String,
    requests_chart: Chart,
}

/// A third party as the pages about it name it.
#[derive(Serialize)]
pub(super) struct ThirdPartyLine {
    pub name: String,
    pub href: String,
    pub enabled: bool,
}

impl ThirdPartyLine {
    pub fn of(organization: &OrganizationEntry, detail: &ThirdPartyDetail) -> Self {
        Self {
            name: detail.name.clone(),
            href: format!("{}/third-parties/{}", base(&organization.slug), detail.id),
            enabled: detail.enabled,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Form {
    #[serde(flatten)]
    pub details: Details,
    pub expires_on: Field,
    pub enabled: Switch,
}

#[derive(Serialize)]
struct ClientLink {
    client_id: String,
    href: String,
}

fn client_link(client: &NamedClient, base: &str) -> ClientLink {
    ClientLink { client_id: client.identifier.clone(), href: format!("{base}/clients/{}", client.id) }
}

#[derive(Serialize)]
struct TokenRow {
    id: String,
    href: String,
    mask: String,
    value: Option<String>,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    expires_soon: bool,
    active: bool,
    saved_active: bool,
    state: &'static str,
    last_used_at: Option<Timestamp>,
}

/// What the page shows beside what is saved.
pub(super) struct Shown<'a> {
    /// The form as it was typed, after a failed save.
    pub typed: Option<&'a Fields>,
    pub form: Form,
    pub revealed: Revealed,
    pub can_edit: bool,
    pub can_audit: bool,
    pub requests: RequestCounts,
}

impl Form {
    pub fn saved(detail: &ThirdPartyDetail) -> Self {
        Self { details: Details::saved(detail), expires_on: Field::default(), enabled: Switch::of(detail.enabled) }
    }

    pub fn typed(fields: &Fields, errors: &[FieldError]) -> Self {
        Self {
            details: Details::typed(fields, errors),
            expires_on: Field::typed(fields, "expires_on").marked("expires_on", errors),
            enabled: Switch::typed(fields, "enabled", errors),
        }
    }

    /// Says beside each field that differs what is saved now.
    pub fn compared_with(mut self, saved: &ThirdPartyDetail) -> Self {
        self.details = self.details.compared_with(&Details::saved(saved));
        self.enabled = self.enabled.compared_with(saved.enabled, ["not Enabled", "Enabled"]);
        self
    }
}

impl ThirdPartyPage {
    pub fn new(page: Frame, organization: &OrganizationEntry, detail: &ThirdPartyDetail, shown: Shown<'_>) -> Self {
        let now = page.now;
        let Shown { typed, form, revealed, can_edit, can_audit, requests } = shown;
        let latest = add_calendar_months(now, organization.maximum_token_months).unwrap_or(Timestamp::MAX);
        let default = add_calendar_months(now, organization.usual_token_months).unwrap_or(latest).min(latest);
        let secrets = detail.client.as_ref().map_or(&[][..], |client| &client.secrets);
        let (base, third_party) = (base(&organization.slug), ThirdPartyLine::of(organization, detail));
        let row = |token: &TokenSummary| token_row(token, &third_party.href, typed, &revealed, now);
        let (live, past) = detail.tokens.iter().partition::<Vec<_>, _>(|token| is_live(token, now));
        Self {
            version: page_version(detail),
            form,
            contact: contact(detail.contact_name.as_deref(), detail.contact_email.as_deref()),
            active_tokens: live.len(),
            last_use: last_use(&detail.tokens),
            client_id: detail.client.as_ref().map(|client| client.identifier.clone()).unwrap_or_default(),
            clients: detail.clients.iter().map(|client| client_link(client, &base)).collect(),
            add_client: can_edit.then(|| format!("{base}/clients/new?third_party={}", detail.id)),
            secrets: secret_rows(secrets, typed, now),
            can_add_secret: has_room(secrets, now),
            default_expires_at: default,
            max_expires_on: Some(page.zone.day(latest).to_string()),
            tokens: live.into_iter().map(row).collect(),
            past_tokens: past.into_iter().map(row).collect(),
            reveal_file: format!(
                "countersign-{}-{}.txt",
                organization.slug,
                file_name_part(&detail.name, "third-party")
            ),
            revealed: revealed_lines(detail, &revealed),
            requests: requests.in_words(),
            requests_chart: charts::requests(&requests),
            can_edit,
            deleted: detail.deleted,
            history: can_audit.then(|| format!("{base}/audit?third_party={}", detail.id)),
            third_party,
            page,
        }
    }
}

fn token_row(
    token: &TokenSummary,
    third_party_href: &str,
    typed: Option<&Fields>,
    revealed: &Revealed,
    now: Timestamp,
) -> TokenRow {
    let saved_active = token.status == TokenStatus::Active;
    let switched = typed.map(switched_tokens).unwrap_or_default().into_iter().find(|(id, _)| *id == token.id);
    let value = revealed.token.as_ref().filter(|(id, _)| *id == token.id).map(|(_, secret)| secret.expose().to_owned());
    TokenRow {
        id: token.id.to_string(),
        href: format!("{third_party_href}/tokens/{}", token.id),
        mask: token.masked.clone(),
        value,
        created_at: token.issued_at,
        expires_at: token.expires_at,
        expires_soon: expires_soon(token.expires_at, now),
        active: switched.map_or(saved_active, |(_, active)| active),
        saved_active,
        state: state_of(token, now),
        last_used_at: token.last_used_at,
    }
}

fn revealed_lines(detail: &ThirdPartyDetail, revealed: &Revealed) -> Vec<RevealedLine> {
    let client_id = detail.client.as_ref().map(|client| client.identifier.clone());
    let client_id = client_id.filter(|_| revealed.client_secret.is_some() || revealed.token.is_some());
    let client_id = client_id.map(|value| RevealedLine::of("Client ID", value));
    let secret = revealed.client_secret.as_ref().map(|secret| RevealedLine::secret("Client Secret", secret));
    let token = revealed.token.as_ref().map(|(_, secret)| RevealedLine::secret("OAuth Token", secret));
    client_id.into_iter().chain(secret).chain(token).collect()
}

/// Whom to talk to, in one line.
pub(in crate::admin) fn contact(name: Option<&str>, email: Option<&str>) -> String {
    [name, email].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Whether the token is Active and has not expired.
pub(super) fn is_live(token: &TokenSummary, now: Timestamp) -> bool {
    state_of(token, now) == "active"
}

/// A token's state as the pages call it.
pub(super) fn state_of(token: &TokenSummary, now: Timestamp) -> &'static str {
    match token.status {
        TokenStatus::Revoked => "revoked",
        _ if token.expires_at.is_some_and(|at| at <= now) => "expired",
        TokenStatus::Active => "active",
        TokenStatus::Inactive => "inactive",
    }
}

/// Whether to mark an expiry.
pub(in crate::admin) fn expires_soon(expires_at: Option<Timestamp>, now: Timestamp) -> bool {
    expires_at.is_some_and(|at| at > now && at.duration_since(now) < SOON)
}

/// The last use of any of the tokens.
pub(super) fn last_use<'a>(tokens: impl IntoIterator<Item = &'a TokenSummary>) -> Option<LastUse> {
    let uses = tokens.into_iter().filter_map(|token| {
        Some(LastUse { at: token.last_used_at?, source: token.last_source.clone().unwrap_or_default() })
    });
    uses.max_by_key(|used| used.at)
}

/// What the validity of a third party's token depends on, as its pages know it.
pub(super) fn circumstances<'a>(
    organization: &OrganizationEntry,
    detail: &ThirdPartyDetail,
    token: &'a TokenFacts,
    authorization: Option<AuthorizationStanding>,
    now: Timestamp,
) -> Circumstances<'a> {
    let standing = |on| if on { Standing::On } else { Standing::Off };
    Circumstances {
        token,
        organization_suspended: organization.suspended,
        third_party: Some(if detail.deleted { Standing::Deleted } else { standing(detail.enabled) }),
        client: Some(detail.client.as_ref().map_or(Standing::Deleted, |client| standing(client.active))),
        authorization,
        required_scope: None,
        now,
    }
}
