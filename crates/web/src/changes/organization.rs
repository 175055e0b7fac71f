//! Changes to what is set in an organization.

use countersign_domain::values::{HostName, InvalidValue, OrganizationName};
use countersign_domain::{Digest, Organization, OrganizationCommand, OrganizationSettings};
use countersign_persistence::sign_in::SessionEntry;
use countersign_persistence::{Context, StoreError};

use crate::WebError;
use crate::error::FieldError;
use crate::state::AppState;

/// What to change; what is `None` stays as it is.
#[derive(Debug, Clone, Default)]
#[expect(clippy::option_option, reason = "to keep a value, to clear it and to set it are three things")]
pub(crate) struct SettingsChanges {
    /// The version on which the changes are based; another one is a conflict.
    pub version: Option<String>,
    pub name: Option<OrganizationName>,
    pub host: Option<Option<HostName>>,
    pub maximum_token_months: Option<u16>,
    pub default_token_months: Option<u16>,
    pub maximum_access_token_seconds: Option<Option<u32>>,
    pub default_access_token_seconds: Option<u32>,
    pub sign_in_codes_required: Option<bool>,
}

/// What is set in the organization now.
pub(crate) async fn settings(state: &AppState, context: Context) -> Result<OrganizationSettings, WebError> {
    let id = context.organization.uuid();
    Ok(state.store.unit_of_work(context).load::<Organization>(id).await?.settings().clone())
}

/// By what it is recognized that something else was set meanwhile.
pub(crate) fn version(settings: &OrganizationSettings) -> String {
    hex::encode(&Digest::of(&format!("{settings:?}")).0[..8])
}

/// Makes all the changes or none. `session` is of the member who asks, if one does.
pub(crate) async fn change(
    state: &AppState,
    context: &Context,
    session: Option<&SessionEntry>,
    changes: &SettingsChanges,
) -> Result<(), WebError> {
    if changes.host.iter().flatten().any(|host| state.is_own_host(host)) {
        let own = InvalidValue("This is the installation's own host name: choose one of the organization's".into());
        return Err(WebError::field("host_name", &own));
    }
    let id = context.organization.uuid();
    state
        .store
        .change(context, async |unit| {
            let saved = unit.load::<Organization>(id).await?.settings().clone();
            if changes.version.as_ref().is_some_and(|expected| *expected != version(&saved)) {
                return Err(StoreError::ChangedMeanwhile.into());
            }
            let begins = changes.sign_in_codes_required == Some(true) && !saved.sign_in_codes_required;
            if begins && !session.is_some_and(|session| session.has_sign_in_codes) {
                let message = "Only an owner who signs in with codes can require them of others: switch them on for \
                               yourself first, on the page Profile";
                return Err(WebError::Invalid(vec![FieldError::new("sign_in_codes_required", &message)]));
            }
            for command in commands(changes) {
                unit.execute::<Organization>(id, command).await?;
            }
            Ok(())
        })
        .await
}

/// The longest lives go before the default ones, which are held to them.
fn commands(changes: &SettingsChanges) -> Vec<OrganizationCommand> {
    use OrganizationCommand as Command;
    let commands = [
        changes.name.clone().map(Command::Rename),
        changes.host.clone().map(Command::SetHostName),
        changes.maximum_token_months.map(|months| Command::LimitTokenLifetime { months }),
        changes.default_token_months.map(|months| Command::SetDefaultTokenLifetime { months }),
        changes.maximum_access_token_seconds.map(|seconds| Command::LimitAccessTokenLifetime { seconds }),
        changes.default_access_token_seconds.map(|seconds| Command::SetDefaultAccessTokenLifetime { seconds }),
        changes.sign_in_codes_required.map(Command::RequireSignInCodes),
    ];
    commands.into_iter().flatten().collect()
}
