//! Changes to an OAuth client.

use countersign_domain::client::{ClientType, SecretProof};
use countersign_domain::values::{ClientIdentifier, RedirectUri, Scope};
use countersign_domain::{
    Client, ClientCommand, ClientId, ClientSettings, DomainError, GrantType, Rights, Secret, SecretId, SecretKind,
    SettingsBounds, ThirdPartyId,
};
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::queries::third_parties::SecretSummary;
use countersign_persistence::{ChangeError, Context, Store, UnitOfWork};
use jiff::Timestamp;

use crate::WebError;

/// A client to be registered.
#[derive(Debug, Clone)]
pub(crate) struct NewClient {
    /// Generated unless chosen.
    pub identifier: Option<ClientIdentifier>,
    pub client_type: ClientType,
    pub third_party: Option<ThirdPartyId>,
    pub redirect_uris: Vec<RedirectUri>,
    pub scopes: Vec<Scope>,
    pub settings: SettingsChanges,
    pub active: bool,
    /// The verifier of a secret that a person chose; one is generated otherwise.
    pub chosen_secret: Option<String>,
}

/// What to change of a client's settings; what is `None` stays as it is.
#[derive(Debug, Clone, Default)]
#[expect(clippy::option_option, reason = "to keep a lifetime, to take the default and to set one are three things")]
pub(crate) struct SettingsChanges {
    pub scopes: Option<Vec<Scope>>,
    pub grant_types: Option<Vec<GrantType>>,
    pub pkce_required: Option<bool>,
    pub access_token_lifetime: Option<Option<u32>>,
    pub may_introspect: Option<bool>,
    pub api_access: Option<bool>,
}

/// What to change of a client; what is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClientChanges {
    pub redirect_uris: Option<Vec<RedirectUri>>,
    pub settings: SettingsChanges,
    pub active: Option<bool>,
    pub remove_secrets: Vec<SecretId>,
    pub add_secret: Option<NewSecret>,
}

/// A secret to be added beside the one that a client has.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewSecret {
    /// The verifier of a secret that a person chose; one is generated otherwise.
    pub chosen: Option<String>,
    pub expires_at: Option<Timestamp>,
    /// When other secrets stop working: the end of the overlap.
    pub retire_others: Option<Retirement>,
}

/// An end of secrets that had none so early.
#[derive(Debug, Clone)]
pub(crate) struct Retirement {
    at: Timestamp,
    secrets: Vec<SecretId>,
}

impl Retirement {
    /// The end of all secrets but those that end earlier by themselves, which keep their end.
    pub fn of(secrets: &[SecretSummary], at: Timestamp) -> Self {
        let later = secrets.iter().filter(|secret| secret.expires_at.is_none_or(|end| end > at));
        Self { at, secrets: later.map(|secret| secret.id).collect() }
    }
}

impl SettingsChanges {
    fn applied_to(&self, settings: &ClientSettings) -> ClientSettings {
        let scopes = self.scopes.as_ref().map(|scopes| scopes.iter().map(ToString::to_string).collect());
        let becomes_api_key = self.api_access == Some(true) && !settings.api_access;
        let grant_types =
            || if becomes_api_key { vec![GrantType::ClientCredentials] } else { settings.grant_types.clone() };
        ClientSettings {
            scopes: scopes.unwrap_or_else(|| settings.scopes.clone()),
            grant_types: self.grant_types.clone().unwrap_or_else(grant_types),
            pkce_required: self.pkce_required.unwrap_or(settings.pkce_required),
            access_token_lifetime: self.access_token_lifetime.unwrap_or(settings.access_token_lifetime),
            may_introspect: self.may_introspect.unwrap_or(settings.may_introspect),
            api_access: self.api_access.unwrap_or(settings.api_access),
        }
    }
}

/// Registers a client, for somebody with these rights. The secret is there unless it is a public client or its secret
/// was chosen.
pub(crate) async fn register(
    store: &Store,
    context: &Context,
    organization: &OrganizationEntry,
    rights: &Rights,
    new: &NewClient,
) -> Result<(ClientId, Option<Secret>), WebError> {
    store
        .change(context, async |unit| {
            let identifier = new.identifier.clone();
            let register = ClientCommand::Register {
                identifier: identifier.unwrap_or_else(|| ClientIdentifier::generate(unit.services())),
                client_type: new.client_type,
                third_party: new.third_party,
                scopes: new.scopes.clone(),
                redirect_uris: new.redirect_uris.clone(),
            };
            let id = ClientId(unit.create::<Client>(register).await?);
            change_settings(unit, organization, rights, id, &new.settings).await?;
            if !new.active {
                unit.execute::<Client>(id.uuid(), ClientCommand::Deactivate).await?;
            }
            let secret = match new.client_type {
                ClientType::Public => None,
                ClientType::Confidential => add(unit, id, new.chosen_secret.as_ref(), None).await?,
            };
            Ok((id, secret))
        })
        .await
}

/// Makes all the changes or none, for somebody with these rights. Answers the new secret, if there is one to show.
pub(crate) async fn update(
    store: &Store,
    context: &Context,
    organization: &OrganizationEntry,
    rights: &Rights,
    id: ClientId,
    changes: &ClientChanges,
) -> Result<Option<Secret>, WebError> {
    store
        .change(context, async |unit| {
            if let Some(uris) = &changes.redirect_uris {
                unit.execute::<Client>(id.uuid(), ClientCommand::ChangeRedirectUris(uris.clone())).await?;
            }
            change_settings(unit, organization, rights, id, &changes.settings).await?;
            match changes.active {
                Some(true) => unit.execute::<Client>(id.uuid(), ClientCommand::Activate).await?,
                Some(false) => unit.execute::<Client>(id.uuid(), ClientCommand::Deactivate).await?,
                None => {}
            }
            for secret in &changes.remove_secrets {
                unit.execute::<Client>(id.uuid(), ClientCommand::RemoveSecret(*secret)).await?;
            }
            match &changes.add_secret {
                Some(new) => Ok(add_beside(unit, rights, id, new).await?),
                None => Ok(None),
            }
        })
        .await
}

/// Adds a secret, for somebody with these rights; `None` where it was chosen, so that there is nothing to show.
pub(crate) async fn add_secret(
    store: &Store,
    context: &Context,
    rights: &Rights,
    id: ClientId,
    new: &NewSecret,
) -> Result<Option<Secret>, WebError> {
    store.change(context, async |unit| Ok(add_beside(unit, rights, id, new).await?)).await
}

async fn add_beside(
    unit: &UnitOfWork,
    rights: &Rights,
    id: ClientId,
    new: &NewSecret,
) -> Result<Option<Secret>, ChangeError> {
    must_be_for(unit, rights, id).await?;
    let secret = add(unit, id, new.chosen.as_ref(), new.expires_at).await?;
    if let Some(Retirement { at, secrets }) = &new.retire_others {
        for secret in secrets {
            let limit = ClientCommand::LimitSecret { secret: *secret, expires_at: Some(*at) };
            unit.execute::<Client>(id.uuid(), limit).await?;
        }
    }
    Ok(secret)
}

/// Refuses whoever has not all the rights that a secret of the client gives: with that of an API key they would.
pub(super) async fn must_be_for(unit: &UnitOfWork, rights: &Rights, id: ClientId) -> Result<(), ChangeError> {
    let client = unit.load::<Client>(id.uuid()).await?;
    Ok(client.settings().may_be_handed_to(rights).map_err(DomainError::from)?)
}

/// Takes a secret away at once.
pub(crate) async fn remove_secret(
    store: &Store,
    context: &Context,
    id: ClientId,
    secret: SecretId,
) -> Result<(), WebError> {
    let remove =
        async |unit: &UnitOfWork| Ok(unit.execute::<Client>(id.uuid(), ClientCommand::RemoveSecret(secret)).await?);
    store.change(context, remove).await
}

/// Ends a client for good. Its tokens stop with it.
pub(crate) async fn delete(store: &Store, context: &Context, id: ClientId) -> Result<(), WebError> {
    let delete = async |unit: &UnitOfWork| Ok(unit.execute::<Client>(id.uuid(), ClientCommand::Delete).await?);
    store.change(context, delete).await
}

async fn change_settings(
    unit: &UnitOfWork,
    organization: &OrganizationEntry,
    rights: &Rights,
    id: ClientId,
    changes: &SettingsChanges,
) -> Result<(), ChangeError> {
    let settings = changes.applied_to(unit.load::<Client>(id.uuid()).await?.settings());
    let bounds = SettingsBounds {
        maximum_months: organization.maximum_token_months,
        maximum_seconds: organization.access_tokens.maximum,
        rights: rights.clone(),
    };
    unit.execute::<Client>(id.uuid(), ClientCommand::ChangeSettings { settings, bounds }).await
}

/// Gives a client a secret; `None` where it was chosen.
pub(super) async fn add(
    unit: &UnitOfWork,
    id: ClientId,
    chosen: Option<&String>,
    expires_at: Option<Timestamp>,
) -> Result<Option<Secret>, ChangeError> {
    let (proof, secret) = if let Some(phc) = chosen {
        (SecretProof::Chosen { verifier: unit.store_verifier(phc.clone(), None) }, None)
    } else {
        let secret = Secret::generate(SecretKind::ClientSecret, unit.services());
        (SecretProof::Generated { digest: secret.digest(), last_four: secret.last_four() }, Some(secret))
    };
    unit.execute::<Client>(id.uuid(), ClientCommand::AddSecret { proof, expires_at }).await?;
    Ok(secret)
}
