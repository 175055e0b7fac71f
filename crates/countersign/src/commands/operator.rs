//! `countersign operator`

use countersign_domain::organization::OPERATORS_SLUG;
use countersign_domain::values::{EmailAddress, Note, OrganizationName, PersonName};
use countersign_domain::{MemberCommand as Change, Role};
use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::{Store, sign_in};

use super::member::{self, NewMember};
use crate::cli::{FirstPassword, OperatorCommand, Who};
use crate::config::Configuration;
use crate::error::CommandError;
use crate::operator::{self, context, open_checked_store};
use crate::output;

/// What the organization of the operators is called until they rename it.
const NAME: &str = "Operators";

/// Does what was asked.
pub async fn run(configuration: &Configuration, command: OperatorCommand) -> Result<(), CommandError> {
    let store = open_checked_store(configuration).await?;
    match command {
        OperatorCommand::Add { email, name, password, reason } => {
            add(&store, email, name, password, reason.reason).await?;
        }
        OperatorCommand::List => match store.directory().organization_by_slug(OPERATORS_SLUG).await? {
            Some(_) => member::list(&store, OPERATORS_SLUG).await?,
            None => output::note("there are no operators yet: countersign operator add <e-mail> --name <name>"),
        },
        OperatorCommand::Remove { email, reason } => {
            let who = Who { slug: OPERATORS_SLUG.to_owned(), email };
            let (organization, found) = member::execute(&store, &who, reason.reason, Change::Deactivate).await?;
            let ended = sign_in::end_sessions_of(&store, organization, found, None).await?;
            output::line(format_args!("{} is no operator any more; {ended} sessions were ended", who.email));
        }
    }
    store.close().await;
    Ok(())
}

/// The organization of the operators, begun where there is none.
pub async fn organization(store: &Store) -> Result<std::sync::Arc<OrganizationEntry>, CommandError> {
    let name = OrganizationName::parse(NAME)?;
    Ok(store.organization_of_operators(name, |id| context(id, None)).await?)
}

async fn add(
    store: &Store,
    email: EmailAddress,
    name: PersonName,
    password: FirstPassword,
    reason: Option<Note>,
) -> Result<(), CommandError> {
    let organization = organization(store).await?;
    let who = Who { slug: OPERATORS_SLUG.to_owned(), email: email.to_string() };
    match operator::member(store, &who).await {
        // Somebody who was an operator before, or something less than one.
        Ok(_) => {
            member::execute(store, &who, reason.clone(), Change::ChangeRole(Role::Owner)).await?;
            member::execute(store, &who, reason, Change::Reactivate).await?;
            output::line(format_args!("{email} is an operator"));
            output::note("name and password are as they were: `countersign member` changes them");
            Ok(())
        }
        Err(CommandError::UnknownMember { .. }) => {
            let new = NewMember { email, name, role: Role::Owner };
            member::add(store, &organization, &context(organization.id, reason), new, password).await
        }
        Err(other) => Err(other),
    }
}
