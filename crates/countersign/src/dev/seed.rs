//! Brings a demo organization into the database, as far as it is not there.

use countersign_domain::client::{ClientType, SecretProof};
use countersign_domain::organization::{DEFAULT_MAXIMUM_TOKEN_MONTHS, OPERATORS_SLUG};
use countersign_domain::third_party::{Contact, Mode};
use countersign_domain::values::{
    ClientIdentifier, EmailAddress, Note, OrganizationName, PersonName, RedirectUri, Scope, Slug, ThirdPartyName,
};
use countersign_domain::{
    Client, ClientCommand, ClientSettings, InvalidValue, MemberId, OrganizationId, Role, Secret, SecretKind,
    SettingsBounds, ThirdParty, ThirdPartyCommand, ThirdPartyId, Token, TokenCommand,
};
use countersign_persistence::queries::members;
use countersign_persistence::{ChangeError, Store, UnitOfWork, sign_in};

use super::Seeded;
use super::demo::{Demo, DemoOperator, DemoOrganization, Login, digest_and_last_four};
use super::files::Files;
use crate::commands::organization_of_operators;
use crate::error::CommandError;
use crate::operator::context;
use crate::password;

/// Who runs the installation.
const OPERATOR_EMAIL: &str = "operator@countersign.example";
const OPERATOR_NAME: &str = "Otto Operator";

/// Makes sure that the demo organization is in the database. Its token comes last: where that is, everything is.
pub async fn ensure(store: &Store, files: &Files, demo: &mut Demo, index: usize) -> Result<Seeded, CommandError> {
    let organization = ensure_organization(store, files, demo, index).await?;
    let shown = &demo.organizations[index];
    let (digest, _) = digest_and_last_four(&shown.token);
    let owner = ensure_members(store, organization, shown).await?;
    let token = store.directory().token(organization, digest).await?;
    let third_party = match token.and_then(|token| token.third_party) {
        Some(third_party) => third_party,
        None => add_third_party_and_clients(store, organization, shown).await?,
    };
    Ok(Seeded { organization, owner, third_party })
}

/// Makes sure that there is an operator; `None` where somebody else runs this installation already.
pub async fn ensure_operator(
    store: &Store,
    files: &Files,
    demo: &mut Demo,
) -> Result<Option<(DemoOperator, MemberId)>, CommandError> {
    let existing = store.directory().organization_by_slug(OPERATORS_SLUG).await?;
    let operator = match (existing, &demo.operator) {
        (Some(found), Some(operator)) if found.id == operator.id => operator.clone(),
        (Some(_), _) => return Ok(None),
        (None, _) => {
            let id = organization_of_operators(store).await?.id;
            let login = Login { email: OPERATOR_EMAIL.to_owned(), password: password::generate() };
            let operator = DemoOperator { id, login };
            demo.operator = Some(operator.clone());
            demo.save(files)?;
            operator
        }
    };
    let email = &operator.login.email;
    let known = members::list(store, operator.id).await?;
    if let Some(member) = known.iter().find(|member| member.email.as_ref() == Some(email)) {
        return Ok(Some((operator, member.id)));
    }
    let phc = password::hash(operator.login.password.clone()).await?;
    let (address, name) = (EmailAddress::parse(email)?, PersonName::parse(OPERATOR_NAME)?);
    let context = context(operator.id, None);
    let member = sign_in::add_member(store, &context, address, name, Role::Owner, Some(phc)).await?;
    Ok(Some((operator, member)))
}

/// The organization's identifier is remembered, so that demo logins are never put into somebody's own organization of
/// the same name.
async fn ensure_organization(
    store: &Store,
    files: &Files,
    demo: &mut Demo,
    index: usize,
) -> Result<OrganizationId, CommandError> {
    let shown = &demo.organizations[index];
    let (slug, name) = (Slug::parse(&shown.slug)?, OrganizationName::parse(&shown.name)?);
    match (store.directory().organization_by_slug(slug.as_str()).await?, shown.id) {
        (Some(found), Some(id)) if found.id == id => Ok(id),
        (Some(_), _) => {
            Err(CommandError::ForeignOrganization { slug: slug.to_string(), data_dir: files.directory().to_owned() })
        }
        (None, _) => {
            let id = store.create_organization(slug, name, |id| context(id, None)).await?;
            demo.organizations[index].id = Some(id);
            demo.save(files)?;
            Ok(id)
        }
    }
}

/// Adds the members who are missing; answers who the owner is. The passwords are hashed side by side, because that is what
/// the first start waits for.
async fn ensure_members(
    store: &Store,
    organization: OrganizationId,
    shown: &DemoOrganization,
) -> Result<MemberId, CommandError> {
    let known = members::list(store, organization).await?;
    let find = |email: &str| known.iter().find(|member| member.email.as_deref() == Some(email));
    let mut owner = find(&shown.logins.owner.email).map(|member| member.id);
    let missing = shown.logins.with_roles().into_iter().filter(|(_, _, login)| find(&login.email).is_none());
    let hashing = missing.map(|member| (member, tokio::spawn(password::hash(member.2.password.clone()))));
    for ((role, name, login), phc) in hashing.collect::<Vec<_>>() {
        let phc = phc.await.map_err(|error| CommandError::System("hashing was interrupted", error.into()))??;
        let (email, name) = (EmailAddress::parse(&login.email)?, PersonName::parse(name)?);
        let member = sign_in::add_member(store, &context(organization, None), email, name, role, Some(phc)).await?;
        owner = owner.or((role == Role::Owner).then_some(member));
    }
    owner.ok_or_else(|| CommandError::UnknownOrganization(shown.slug.clone()))
}

async fn add_third_party_and_clients(
    store: &Store,
    organization: OrganizationId,
    shown: &DemoOrganization,
) -> Result<ThirdPartyId, CommandError> {
    let contents = Contents::parse(shown)?;
    let third_party = store.change(&context(organization, None), async |unit| contents.add(unit).await).await?;
    Ok(third_party)
}

/// What one change adds.
struct Contents {
    name: ThirdPartyName,
    contact: Contact,
    requirements: Note,
    scopes: Vec<Scope>,
    redirect_uri: RedirectUri,
    client: ClientIdentifier,
    client_secret: String,
    public_client: ClientIdentifier,
    token: String,
}

impl Contents {
    fn parse(shown: &DemoOrganization) -> Result<Self, InvalidValue> {
        Ok(Self {
            name: ThirdPartyName::parse("Initech Payroll")?,
            contact: Contact {
                name: Some(PersonName::parse("Peter Gibbons")?),
                email: Some(EmailAddress::parse("peter@initech.example")?),
            },
            requirements: Note::parse("Reads the records of employees once a month for the payroll.")?,
            scopes: shown.client.scopes.iter().map(|scope| Scope::parse(scope)).collect::<Result<_, _>>()?,
            redirect_uri: RedirectUri::parse(&shown.client.redirect_uri)?,
            client: ClientIdentifier::parse(&shown.client.client_id)?,
            client_secret: shown.client.client_secret.clone(),
            public_client: ClientIdentifier::parse(&shown.public_client.client_id)?,
            token: shown.token.clone(),
        })
    }

    async fn add(&self, unit: &UnitOfWork) -> Result<ThirdPartyId, ChangeError> {
        let add = ThirdPartyCommand::Add {
            name: self.name.clone(),
            contact: self.contact.clone(),
            requirements: Some(self.requirements.clone()),
            mode: Mode::Manual,
        };
        let third_party = ThirdPartyId(unit.create::<ThirdParty>(add).await?);
        unit.execute::<ThirdParty>(third_party.uuid(), ThirdPartyCommand::Enable).await?;
        let own_identifier = ClientIdentifier::generate(unit.services());
        // Nobody is told this one: like any lost secret, it can be replaced on the third party's page.
        let own_secret = Secret::generate(SecretKind::ClientSecret, unit.services());
        let own = Some(third_party);
        let client = self.register(unit, own_identifier, own, Some(own_secret.expose())).await?;
        let backend = self.register(unit, self.client.clone(), None, Some(&self.client_secret)).await?;
        // It is a backend that asks about the tokens which others present to it.
        let settings = unit.load::<Client>(backend).await?.settings().clone();
        let settings = ClientSettings { may_introspect: true, ..settings };
        let bounds = SettingsBounds::of_operator(DEFAULT_MAXIMUM_TOKEN_MONTHS);
        unit.execute::<Client>(backend, ClientCommand::ChangeSettings { settings, bounds }).await?;
        self.register(unit, self.public_client.clone(), None, None).await?;
        let (digest, last_four) = digest_and_last_four(&self.token);
        let issue = TokenCommand::IssueManual {
            third_party,
            client: client.into(),
            digest,
            last_four,
            scopes: self.scopes.clone(),
            expires_at: None,
            default_months: 6,
            maximum_months: DEFAULT_MAXIMUM_TOKEN_MONTHS,
        };
        unit.create::<Token>(issue).await?;
        Ok(third_party)
    }

    /// A client, public when it has no secret.
    async fn register(
        &self,
        unit: &UnitOfWork,
        identifier: ClientIdentifier,
        third_party: Option<ThirdPartyId>,
        secret: Option<&str>,
    ) -> Result<countersign_domain::StreamId, ChangeError> {
        let client_type = if secret.is_some() { ClientType::Confidential } else { ClientType::Public };
        let redirect_uris = if third_party.is_some() { Vec::new() } else { vec![self.redirect_uri.clone()] };
        let scopes = self.scopes.clone();
        let register = ClientCommand::Register { identifier, client_type, third_party, scopes, redirect_uris };
        let client = unit.create::<Client>(register).await?;
        if let Some(secret) = secret {
            let (digest, last_four) = digest_and_last_four(secret);
            let proof = SecretProof::Generated { digest, last_four };
            unit.execute::<Client>(client, ClientCommand::AddSecret { proof, expires_at: None }).await?;
        }
        Ok(client)
    }
}
