//! What `client.hbs` reads.

use countersign_domain::client::ClientType;
use countersign_domain::{Rights, Secret};
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::queries::clients::list::lifetime_in_words;
use countersign_persistence::queries::clients::{ActiveTokens, ClientDetail};
use jiff::Timestamp;
use serde::Serialize;

use super::super::page::{Frame, LastUse, base};
use super::super::secrets::{RevealedLine, SecretRow, file_name_part, has_room, secret_rows};
use super::super::settings::ScopeBoxes;
use super::form::{Form, lifetime_hint, page_version};
use crate::form::Fields;

#[derive(Serialize)]
pub(super) struct ClientPage {
    page: Frame,
    pub can_edit: bool,
    client: ClientLine,
    deleted: bool,
    pub history: Option<String>,
    version: String,
    form: Form,
    third_party: Option<ThirdPartyLink>,
    registered_at: Timestamp,
    expires_in: String,
    expires_in_hint: String,
    /// `null` of other clients.
    api_key: Option<ScopeBoxes>,
    try_it: Option<String>,
    #[serde(flatten)]
    tokens: TokensInUse,
    last_code: Option<LastCodeLine>,
    last_token: Option<LastTokenLine>,
    secrets: Vec<SecretRow>,
    can_add_secret: bool,
    revealed: Vec<RevealedLine>,
    reveal_file: String,
}

/// A client as the pages about it name it.
#[derive(Serialize)]
pub(super) struct ClientLine {
    pub client_id: String,
    pub href: String,
    active: bool,
    is_public: bool,
}

#[derive(Serialize)]
struct ThirdPartyLink {
    name: String,
    href: String,
}

/// What `partials/active-tokens.hbs` and `partials/last-use.hbs` read.
#[derive(Serialize)]
pub(super) struct TokensInUse {
    active_tokens: u64,
    at_least: bool,
    last_use: Option<LastUse>,
}

#[derive(Serialize)]
struct LastCodeLine {
    mask: String,
    created_at: Timestamp,
    redirect_uri: String,
    user: String,
    email: String,
}

#[derive(Serialize)]
struct LastTokenLine {
    mask: String,
    created_at: Timestamp,
    unix: i64,
}

/// What the page shows beside what is saved.
pub(super) struct Shown<'a> {
    /// The form as it was typed, after a failed save.
    pub typed: Option<&'a Fields>,
    pub form: Form,
    pub revealed: Option<Secret>,
    /// How to try a new secret of an API key.
    pub try_it: Option<String>,
}

impl ClientLine {
    pub fn of(organization: &OrganizationEntry, detail: &ClientDetail) -> Self {
        Self {
            client_id: detail.identifier.clone(),
            href: format!("{}/clients/{}", base(&organization.slug), detail.id),
            active: detail.active,
            is_public: detail.client_type == ClientType::Public,
        }
    }
}

impl TokensInUse {
    pub fn of(tokens: &ActiveTokens) -> Self {
        Self {
            active_tokens: tokens.count,
            at_least: tokens.is_at_least,
            last_use: tokens.last_use.clone().map(|(at, source)| LastUse { at, source }),
        }
    }
}

impl ClientPage {
    /// The page of somebody who may read it all and change nothing.
    pub fn new(
        page: Frame,
        organization: &OrganizationEntry,
        rights: &Rights,
        detail: &ClientDetail,
        tokens: &ActiveTokens,
        shown: Shown<'_>,
    ) -> Self {
        let (base, now) = (base(&organization.slug), page.now);
        let third_party = detail.third_party.zip(detail.third_party_name.clone());
        let settings = &detail.settings;
        let scopes = shown.form.scopes();
        let api_key =
            settings.api_access.then(|| ScopeBoxes::of(&scopes.value, &settings.scopes, rights, scopes.error.clone()));
        let file_name_part = file_name_part(&detail.identifier, "client");
        Self {
            can_edit: false,
            client: ClientLine::of(organization, detail),
            deleted: detail.deleted,
            history: Some(format!("{base}/audit?client={}", detail.id)),
            version: page_version(detail),
            form: shown.form,
            third_party: third_party
                .map(|(id, name)| ThirdPartyLink { name, href: format!("{base}/third-parties/{id}") }),
            registered_at: detail.registered_at,
            expires_in: lifetime_in_words(
                detail.settings.access_token_lifetime,
                detail.is_automatic,
                organization.access_tokens,
            ),
            expires_in_hint: lifetime_hint(organization.access_tokens, settings.access_token_lifetime),
            api_key,
            try_it: shown.try_it,
            tokens: TokensInUse::of(tokens),
            last_code: detail.last_code.as_ref().map(|code| LastCodeLine {
                mask: code.masked.clone(),
                created_at: code.created_at,
                redirect_uri: code.redirect_uri.clone(),
                user: code.passthru_user.name.clone(),
                email: code.passthru_user.email.clone().unwrap_or_default(),
            }),
            last_token: detail.last_token.as_ref().map(|token| LastTokenLine {
                mask: token.masked.clone(),
                created_at: token.created_at,
                unix: token.created_at.as_second(),
            }),
            secrets: secret_rows(&detail.secrets, shown.typed, now),
            can_add_secret: detail.client_type == ClientType::Confidential && has_room(&detail.secrets, now),
            revealed: shown.revealed.map_or_else(Vec::new, |secret| {
                vec![
                    RevealedLine::of("Client ID", detail.identifier.clone()),
                    RevealedLine::secret("Client Secret", &secret),
                ]
            }),
            reveal_file: format!("countersign-{}-{file_name_part}.txt", organization.slug),
            page,
        }
    }
}
