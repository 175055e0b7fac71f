//! Changes to a third party, its client and its tokens.

use countersign_domain::client::ClientType;
use countersign_domain::third_party::{Contact, Mode};
use countersign_domain::values::{ClientIdentifier, Note, RedirectUri, ThirdPartyName};
use countersign_domain::{
    Client, ClientCommand, ClientId, JournaledAggregate, Rights, Secret, SecretId, SecretKind, ThirdParty,
    ThirdPartyCommand, ThirdPartyId, Token, TokenCommand, TokenId,
};
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::queries::clients::of_third_party;
use countersign_persistence::{ChangeError, Context, Store, StoreError, UnitOfWork};
use jiff::Timestamp;

use super::clients;
use crate::WebError;

/// A third party to be added.
#[derive(Debug, Clone)]
pub(crate) struct NewThirdParty {
    pub name: ThirdPartyName,
    pub contact: Contact,
    pub requirements: Option<Note>,
    pub mode: Mode,
    pub callback_url: Option<RedirectUri>,
}

/// Credentials that are not generated: supplied by the third party, or chosen by the member who adds it.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChosenCredentials {
    pub identifier: Option<ClientIdentifier>,
    /// The secret's verifier.
    pub secret: Option<String>,
}

/// A third party that was added, with what is shown only now.
pub(crate) struct AddedThirdParty {
    pub id: ThirdPartyId,
    /// None where it was chosen.
    pub client_secret: Option<Secret>,
}

/// Adds a third party together with its client and the client's first secret.
pub(crate) async fn add(
    store: &Store,
    context: &Context,
    new: &NewThirdParty,
    chosen: &ChosenCredentials,
) -> Result<AddedThirdParty, WebError> {
    store
        .change(context, async |unit| {
            let add = ThirdPartyCommand::Add {
                name: new.name.clone(),
                contact: new.contact.clone(),
                requirements: new.requirements.clone(),
                mode: new.mode,
            };
            let id = ThirdPartyId(unit.create::<ThirdParty>(add).await?);
            let identifier = chosen.identifier.clone();
            let register = ClientCommand::Register {
                identifier: identifier.unwrap_or_else(|| ClientIdentifier::generate(unit.services())),
                client_type: ClientType::Confidential,
                third_party: Some(id),
                scopes: Vec::new(),
                redirect_uris: new.callback_url.iter().cloned().collect(),
            };
            let client = ClientId(unit.create::<Client>(register).await?);
            Ok(AddedThirdParty { id, client_secret: clients::add(unit, client, chosen.secret.as_ref(), None).await? })
        })
        .await
}

/// What to change of a third party; what is `None` or empty stays as it is.
#[derive(Debug, Clone, Default)]
#[expect(clippy::option_option, reason = "to keep a value, to clear it and to set it are three things")]
pub(crate) struct ThirdPartyChanges {
    /// The version on which the changes are based; another one is a conflict.
    pub version: Option<u64>,
    pub name: Option<ThirdPartyName>,
    pub contact: Option<Contact>,
    pub requirements: Option<Option<Note>>,
    pub mode: Option<Mode>,
    pub enabled: Option<bool>,
    pub callback_url: Option<Option<RedirectUri>>,
    /// Which tokens are to be Active.
    pub tokens: Vec<(TokenId, bool)>,
    pub add_token: Option<NewToken>,
    /// The rights of whoever gets a new secret, where one is asked for.
    pub add_secret: Option<Rights>,
    pub remove_secrets: Vec<SecretId>,
}

/// A manual token to be added.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NewToken {
    /// After the organization's default unless chosen.
    pub expires_at: Option<Timestamp>,
}

/// What is shown only once, after a change that made it.
#[derive(Default)]
pub(crate) struct Revealed {
    pub token: Option<(TokenId, Secret)>,
    pub client_secret: Option<Secret>,
}

/// Makes all the changes or none.
pub(crate) async fn update(
    store: &Store,
    context: &Context,
    organization: &OrganizationEntry,
    id: ThirdPartyId,
    client: Option<ClientId>,
    changes: &ThirdPartyChanges,
) -> Result<Revealed, WebError> {
    store
        .change(context, async |unit| {
            change_details(unit, id, changes).await?;
            for (token, active) in &changes.tokens {
                must_belong(unit, *token, id).await?;
                let command = if *active { TokenCommand::Activate } else { TokenCommand::Deactivate };
                unit.execute::<Token>(token.uuid(), command).await?;
            }
            let mut revealed = Revealed::default();
            if let Some(client) = client {
                if let Some(callback_url) = &changes.callback_url {
                    let uris = callback_url.iter().cloned().collect();
                    unit.execute::<Client>(client.uuid(), ClientCommand::ChangeRedirectUris(uris)).await?;
                }
                for secret in &changes.remove_secrets {
                    unit.execute::<Client>(client.uuid(), ClientCommand::RemoveSecret(*secret)).await?;
                }
                if let Some(rights) = &changes.add_secret {
                    clients::must_be_for(unit, rights, client).await?;
                    revealed.client_secret = clients::add(unit, client, None, None).await?;
                }
                if let Some(new) = changes.add_token {
                    revealed.token = Some(add_token(unit, organization, id, client, new).await?);
                }
            }
            Ok(revealed)
        })
        .await
}

async fn change_details(unit: &UnitOfWork, id: ThirdPartyId, changes: &ThirdPartyChanges) -> Result<(), ChangeError> {
    if let Some(expected) = changes.version
        && unit.version::<ThirdParty>(id.uuid()).await? != expected
    {
        return Err(StoreError::ChangedMeanwhile.into());
    }
    let execute = async |command| unit.execute::<ThirdParty>(id.uuid(), command).await;
    if let Some(name) = &changes.name {
        execute(ThirdPartyCommand::Rename(name.clone())).await?;
    }
    if let Some(contact) = &changes.contact {
        execute(ThirdPartyCommand::ChangeContact(contact.clone())).await?;
    }
    if let Some(requirements) = &changes.requirements {
        execute(ThirdPartyCommand::ChangeRequirements(requirements.clone())).await?;
    }
    if let Some(mode) = changes.mode {
        execute(ThirdPartyCommand::ChangeMode(mode)).await?;
    }
    match changes.enabled {
        Some(true) => execute(ThirdPartyCommand::Enable).await,
        Some(false) => execute(ThirdPartyCommand::Disable).await,
        None => Ok(()),
    }
}

async fn add_token(
    unit: &UnitOfWork,
    organization: &OrganizationEntry,
    third_party: ThirdPartyId,
    client: ClientId,
    new: NewToken,
) -> Result<(TokenId, Secret), ChangeError> {
    let secret = Secret::generate(SecretKind::ManualToken, unit.services());
    let issue = TokenCommand::IssueManual {
        third_party,
        client,
        digest: secret.digest(),
        last_four: secret.last_four(),
        scopes: Vec::new(),
        expires_at: new.expires_at,
        default_months: organization.usual_token_months,
        maximum_months: organization.maximum_token_months,
    };
    Ok((TokenId(unit.create::<Token>(issue).await?), secret))
}

/// A token of another third party is, from this one's page, not there.
async fn must_belong(unit: &UnitOfWork, token: TokenId, third_party: ThirdPartyId) -> Result<(), WebError> {
    let references = unit.load::<Token>(token.uuid()).await?.references(token.uuid());
    if references.third_party == Some(third_party) { Ok(()) } else { Err(WebError::NotFound) }
}

/// Ends a token of the third party for good.
pub(crate) async fn revoke_token(
    store: &Store,
    context: &Context,
    third_party: ThirdPartyId,
    token: TokenId,
) -> Result<(), WebError> {
    store
        .change(context, async |unit| {
            must_belong(unit, token, third_party).await?;
            Ok(unit.execute::<Token>(token.uuid(), TokenCommand::Revoke).await?)
        })
        .await
}

/// Ends a third party and its clients for good. Its tokens stop with it.
pub(crate) async fn delete(store: &Store, context: &Context, third_party: ThirdPartyId) -> Result<(), WebError> {
    store
        .change(context, async |unit| {
            unit.execute::<ThirdParty>(third_party.uuid(), ThirdPartyCommand::Delete).await?;
            for client in of_third_party(store, context.organization, third_party).await? {
                unit.execute::<Client>(client.id.uuid(), ClientCommand::Delete).await?;
            }
            Ok(())
        })
        .await
}
