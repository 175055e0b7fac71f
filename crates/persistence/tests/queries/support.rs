//! An organization to read from, and short ways of changing it.

use countersign_domain::client::{ClientType, SecretProof};
use countersign_domain::third_party::{Contact, Mode};
use countersign_domain::values::{
    ClientIdentifier, EmailAddress, Note, PersonName, RedirectUri, Scope, ThirdPartyName,
};
use countersign_domain::{
    Actor, Client, ClientCommand, ClientId, JournaledAggregate, MemberId, OrganizationId, Role, Secret, SecretId,
    SecretKind, StreamId, ThirdParty, ThirdPartyCommand, ThirdPartyId, Token, TokenCommand, TokenId,
};
use countersign_persistence::{ChangeError, Context, Source, Store, Via, sign_in, testing};
use jiff::Timestamp;

/// An organization in the shared database.
pub struct World {
    pub store: Store,
    pub organization: OrganizationId,
}

/// A new organization.
pub async fn world() -> World {
    let store = testing::store(testing::database().await);
    let organization = testing::organization(&store).await;
    World { store, organization }
}

/// An instant.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl World {
    /// A second organization in the same database.
    pub async fn neighbour(&self) -> Self {
        Self { store: self.store.clone(), organization: testing::organization(&self.store).await }
    }

    /// What the operator does.
    pub fn operator(&self) -> Context {
        testing::operator(self.organization)
    }

    /// What somebody does on a page, and why.
    pub fn on_a_page(&self, actor: Actor, reason: &str) -> Context {
        let source = Source { address: "203.0.113.7".into(), user_agent: "Mozilla/5.0 \"X\"".into() };
        Context {
            actor,
            via: Via::Web,
            source: Some(source),
            reason: Some(Note::parse(reason).unwrap()),
            ..self.operator()
        }
    }

    pub async fn create<A: JournaledAggregate>(&self, command: A::Command) -> StreamId
    where
        A::Command: Clone,
    {
        self.store
            .change::<_, ChangeError>(&self.operator(), async |unit| unit.create::<A>(command.clone()).await)
            .await
            .unwrap()
    }

    pub async fn execute<A: JournaledAggregate>(&self, id: StreamId, command: A::Command)
    where
        A::Command: Clone,
    {
        self.execute_as::<A>(&self.operator(), id, command).await;
    }

    pub async fn execute_as<A: JournaledAggregate>(&self, context: &Context, id: StreamId, command: A::Command)
    where
        A::Command: Clone,
    {
        self.store
            .change::<_, ChangeError>(context, async |unit| unit.execute::<A>(id, command.clone()).await)
            .await
            .unwrap();
    }

    pub async fn third_party(&self, name: &str) -> ThirdPartyId {
        self.third_party_with(name, None, None, Mode::Manual).await
    }

    pub async fn third_party_with(
        &self,
        name: &str,
        contact_name: Option<&str>,
        contact_email: Option<&str>,
        mode: Mode,
    ) -> ThirdPartyId {
        let add = ThirdPartyCommand::Add {
            name: ThirdPartyName::parse(name).unwrap(),
            contact: contact(contact_name, contact_email),
            requirements: None,
            mode,
        };
        self.create::<ThirdParty>(add).await.into()
    }

    pub async fn enable(&self, third_party: ThirdPartyId) {
        self.execute::<ThirdParty>(third_party.uuid(), ThirdPartyCommand::Enable).await;
    }

    pub async fn client(&self, identifier: &str, third_party: ThirdPartyId) -> ClientId {
        let register = ClientCommand::Register {
            identifier: ClientIdentifier::parse(identifier).unwrap(),
            client_type: ClientType::Confidential,
            third_party: Some(third_party),
            scopes: vec![Scope::parse("read").unwrap(), Scope::parse("write").unwrap()],
            redirect_uris: vec![RedirectUri::parse("https://partner.example/callback").unwrap()],
        };
        self.create::<Client>(register).await.into()
    }

    /// Adds a secret and answers how it is shown later.
    pub async fn secret(&self, client: ClientId) -> String {
        let secret = secret(SecretKind::ClientSecret);
        let proof = SecretProof::Generated { digest: secret.digest(), last_four: secret.last_four() };
        self.execute::<Client>(client.uuid(), ClientCommand::AddSecret { proof, expires_at: None }).await;
        format!("cs_sk_…{}", secret.last_four())
    }

    /// Issues a manual token and answers how it is shown later.
    pub async fn token(
        &self,
        third_party: ThirdPartyId,
        client: ClientId,
        expires_at: Option<Timestamp>,
    ) -> (TokenId, String) {
        let secret = secret(SecretKind::ManualToken);
        let issue = TokenCommand::IssueManual {
            third_party,
            client,
            digest: secret.digest(),
            last_four: secret.last_four(),
            scopes: vec![Scope::parse("read").unwrap()],
            expires_at,
            default_months: 6,
            maximum_months: 120,
        };
        let id = self.create::<Token>(issue).await;
        (id.into(), format!("cs_mt_…{}", secret.last_four()))
    }

    pub async fn member(&self, email: &str, name: &str, role: Role) -> MemberId {
        let (email, name) = (EmailAddress::parse(email).unwrap(), PersonName::parse(name).unwrap());
        sign_in::add_member(&self.store, &self.operator(), email, name, role, None).await.unwrap()
    }

    /// Puts a token's use on the books.
    pub async fn used(&self, token: TokenId, uses: i64, last_used_at: Timestamp) {
        self.write(
            "INSERT INTO token_usage (org_id, token_id, uses, last_used_at, last_source) \
             VALUES ($1, $2, $3, $4, '198.51.100.9')",
            &[&self.organization.uuid(), &token.uuid(), &uses, &last_used_at],
        )
        .await;
    }

    /// Puts a secret's use on the books.
    pub async fn used_secret(&self, secret: SecretId, last_used_at: Timestamp) {
        self.write(
            "INSERT INTO secret_usage (org_id, secret_id, last_used_at) VALUES ($1, $2, $3)",
            &[&self.organization.uuid(), &secret.uuid(), &last_used_at],
        )
        .await;
    }

    /// Destroys what opens the commitments, as erasing a person does.
    pub async fn erase_everybody(&self) {
        self.write("DELETE FROM disclosures WHERE org_id = $1", &[&self.organization.uuid()]).await;
    }

    async fn write(&self, sql: &str, parameters: &[&(dyn tokio_postgres::types::ToSql + Sync)]) {
        self.store.pool().write(self.organization, sql, parameters).await.unwrap();
    }
}

/// A contact as typed.
pub fn contact(name: Option<&str>, email: Option<&str>) -> Contact {
    Contact {
        name: name.map(|name| PersonName::parse(name).unwrap()),
        email: email.map(|email| EmailAddress::parse(email).unwrap()),
    }
}

fn secret(kind: SecretKind) -> Secret {
    let (first, second) = (testing::random_id(), testing::random_id());
    let mut entropy = [0; 32];
    entropy[..16].copy_from_slice(first.as_bytes());
    entropy[16..].copy_from_slice(second.as_bytes());
    Secret::from_entropy(kind, entropy)
}
