//! An organization with a history in which everything happens that a projection looks at.

use countersign_domain::authorization::Grant;
use countersign_domain::client::{ClientType, SecretProof};
use countersign_domain::member::SignInMethod;
use countersign_domain::third_party::{Contact, Mode};
use countersign_domain::values::{
    ClientIdentifier, EmailAddress, Note, OrganizationName, PersonName, RedirectUri, Scope, ThirdPartyName,
};
use countersign_domain::{
    Authorization, AuthorizationCommand, AuthorizationId, Client, ClientCommand, ClientId, ClientSettings, Consent,
    ConsentCommand, ConsentId, Digest, JournaledAggregate, Member, MemberCommand, MemberId, Organization,
    OrganizationCommand, OrganizationId, Role, Secret, SecretKind, SettingsBounds, StreamId, ThirdParty,
    ThirdPartyCommand, ThirdPartyId, Token, TokenCommand, TokenId,
};
use countersign_persistence::{Context, Source, Store, testing};
use tokio_postgres::NoTls;

/// What the history leaves.
#[allow(dead_code, reason = "not every test program looks at all of it")]
pub struct History {
    pub organization: OrganizationId,
    pub member: MemberId,
    pub third_party: ThirdPartyId,
    pub client: ClientId,
    pub token: TokenId,
    pub authorization: AuthorizationId,
}

/// What a person of the history is called, so that tests can look for it where it must not be.
pub const EMAIL: &str = "Ann.Lee@customer.example";
/// See [`EMAIL`].
pub const NAME: &str = "Ann Lee";

/// A connection for statements that the product has no function for.
pub async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Makes an organization and its history.
pub async fn history(store: &Store) -> History {
    let organization = testing::organization(store).await;
    let journal = Journal { store, organization };
    journal.organization().await;
    let member = journal.member().await;
    let third_party = journal.third_party().await;
    let client = journal.client(third_party).await;
    let token = journal.token(third_party, client, 1).await;
    journal.all::<Token>(token.uuid(), [TokenCommand::Deactivate, TokenCommand::Activate]).await;
    let authorization = journal.authorization(member, third_party, client).await;
    let revoked = journal.token(third_party, client, 2).await;
    journal.all::<Token>(revoked.uuid(), [TokenCommand::Deactivate, TokenCommand::Revoke]).await;
    History { organization, member, third_party, client, token, authorization }
}

struct Journal<'a> {
    store: &'a Store,
    organization: OrganizationId,
}

impl Journal<'_> {
    fn context(&self) -> Context {
        Context {
            source: Some(Source { address: "192.0.2.7".into(), user_agent: "a browser".into() }),
            reason: Some(Note::parse("as discussed").unwrap()),
            ..testing::operator(self.organization)
        }
    }

    async fn create<A: JournaledAggregate>(&self, command: A::Command) -> StreamId
    where
        A::Command: Clone,
    {
        self.store.change(&self.context(), async |unit| unit.create::<A>(command.clone()).await).await.unwrap()
    }

    async fn all<A: JournaledAggregate>(&self, id: StreamId, commands: impl IntoIterator<Item = A::Command>)
    where
        A::Command: Clone,
    {
        let context = self.context();
        for command in commands {
            self.store.change(&context, async |unit| unit.execute::<A>(id, command.clone()).await).await.unwrap();
        }
    }

    async fn organization(&self) {
        let name = OrganizationName::parse("The Customer").unwrap();
        let commands = [
            OrganizationCommand::Rename(name),
            OrganizationCommand::LimitTokenLifetime { months: 12 },
            OrganizationCommand::SetDefaultTokenLifetime { months: 3 },
            OrganizationCommand::LimitAccessTokenLifetime { seconds: Some(7200) },
            OrganizationCommand::SetDefaultAccessTokenLifetime { seconds: 900 },
            OrganizationCommand::RequireSignInCodes(true),
            OrganizationCommand::Suspend,
            OrganizationCommand::Resume,
        ];
        self.all::<Organization>(self.organization.uuid(), commands).await;
    }

    async fn member(&self) -> MemberId {
        let add = |email: &str| MemberCommand::Add {
            email: EmailAddress::parse(email).unwrap(),
            name: PersonName::parse("Ann").unwrap(),
            role: Role::Auditor,
        };
        let member = self.create::<Member>(add(EMAIL)).await;
        for replaced in [false, true] {
            self.store
                .change(&self.context(), async |unit| {
                    let old = unit.load::<Member>(member).await?.verifier();
                    assert_eq!(old.is_some(), replaced);
                    let verifier = unit.store_verifier("$argon2id$…".into(), old);
                    unit.list_for_sign_in(Digest::of(EMAIL));
                    unit.execute::<Member>(member, MemberCommand::SetPassword(verifier)).await
                })
                .await
                .unwrap();
        }
        let commands = [
            MemberCommand::Rename(PersonName::parse(NAME).unwrap()),
            MemberCommand::ChangeRole(Role::Admin),
            MemberCommand::SignIn { session: testing::random_id().into(), method: SignInMethod::Password },
            MemberCommand::Deactivate,
            MemberCommand::Reactivate,
        ];
        self.all::<Member>(member, commands).await;
        let other = self.create::<Member>(add("bob@customer.example")).await;
        self.all::<Member>(other, [MemberCommand::Deactivate]).await;
        member.into()
    }

    async fn third_party(&self) -> ThirdPartyId {
        let contact =
            |name, email| Contact { name: Some(PersonName::parse(name).unwrap()), email: email_address(email) };
        let add = |name| ThirdPartyCommand::Add {
            name: ThirdPartyName::parse(name).unwrap(),
            contact: contact("Peter Gibbons", Some("peter@initech.example")),
            requirements: Some(Note::parse("A yearly report").unwrap()),
            mode: Mode::Manual,
        };
        let deleted = self.create::<ThirdParty>(add("Initech")).await;
        self.all::<ThirdParty>(deleted, [ThirdPartyCommand::Enable, ThirdPartyCommand::Delete]).await;
        // The name is free again, also in other letters.
        let third_party = self.create::<ThirdParty>(add("INITECH")).await;
        let commands = [
            ThirdPartyCommand::Rename(ThirdPartyName::parse("Initrode").unwrap()),
            ThirdPartyCommand::ChangeContact(contact("Milton Waddams", None)),
            ThirdPartyCommand::ChangeRequirements(Some(Note::parse("A monthly report").unwrap())),
            ThirdPartyCommand::ChangeMode(Mode::Automatic),
            ThirdPartyCommand::Enable,
            ThirdPartyCommand::Disable,
            ThirdPartyCommand::Enable,
        ];
        self.all::<ThirdParty>(third_party, commands).await;
        third_party.into()
    }

    async fn client(&self, third_party: ThirdPartyId) -> ClientId {
        let uri = |path: &str| RedirectUri::parse(&format!("https://initrode.example/{path}")).unwrap();
        let register = |identifier, client_type| ClientCommand::Register {
            identifier: ClientIdentifier::parse(identifier).unwrap(),
            client_type,
            third_party: Some(third_party),
            scopes: vec![Scope::parse("read").unwrap(), Scope::parse("write").unwrap()],
            redirect_uris: vec![uri("callback")],
        };
        let public = self.create::<Client>(register("app", ClientType::Public)).await;
        self.all::<Client>(public, [ClientCommand::Delete]).await;
        let client = self.create::<Client>(register("app", ClientType::Confidential)).await;
        let generated = SecretProof::Generated { digest: Digest::of("a secret"), last_four: "cret".into() };
        self.all::<Client>(client, [ClientCommand::AddSecret { proof: generated, expires_at: None }]).await;
        self.store
            .change(&self.context(), async |unit| {
                let proof = SecretProof::Chosen { verifier: unit.store_verifier("$argon2id$…".into(), None) };
                unit.execute::<Client>(client, ClientCommand::AddSecret { proof, expires_at: None }).await
            })
            .await
            .unwrap();
        let settings = |scopes: &[&str]| ClientCommand::ChangeSettings {
            settings: ClientSettings {
                access_token_lifetime: Some(600),
                may_introspect: true,
                ..ClientSettings::initial(ClientType::Confidential, scopes.iter().map(ToString::to_string).collect())
            },
            bounds: SettingsBounds::of_operator(12),
        };
        let commands = [
            settings(&["admin"]),
            settings(&["read", "write"]),
            ClientCommand::ChangeRedirectUris(vec![uri("callback"), uri("other")]),
            ClientCommand::Deactivate,
            ClientCommand::Activate,
        ];
        self.all::<Client>(client, commands).await;
        client.into()
    }

    async fn authorization(&self, member: MemberId, third_party: ThirdPartyId, client: ClientId) -> AuthorizationId {
        let consent = ConsentId::of(member, client).uuid();
        let give = |scope: &str| ConsentCommand::Give {
            member,
            client,
            third_party: Some(third_party),
            scopes: vec![scope.into()],
        };
        let commands = [give("read"), give("write"), ConsentCommand::Withdraw, give("read")];
        self.all::<Consent>(consent, commands).await;
        let other = ConsentId::of(testing::random_id().into(), client).uuid();
        self.all::<Consent>(other, [give("read"), ConsentCommand::Withdraw]).await;
        let revoked = self.granted(member, third_party, client).await;
        self.all::<Authorization>(revoked, [AuthorizationCommand::Revoke]).await;
        let replayed = self.granted(member, third_party, client).await;
        self.all::<Authorization>(replayed, [redeem(client, None), AuthorizationCommand::RecordReplay]).await;
        let reused = self.granted(member, third_party, client).await;
        let digest = |text: &str| Digest::of(&format!("{text} of {reused}"));
        let refresh =
            AuthorizationCommand::Refresh { client, presented: digest("the first"), successor: digest("the second") };
        let commands = [redeem(client, Some(digest("the first"))), refresh, AuthorizationCommand::RecordReuse];
        self.all::<Authorization>(reused, commands).await;
        let authorization = self.granted(member, third_party, client).await;
        let refresh = Some(Digest::of(&authorization.to_string()));
        self.all::<Authorization>(authorization, [redeem(client, refresh)]).await;
        let issue = TokenCommand::IssueAccess {
            third_party: Some(third_party),
            client,
            digest: Digest::of(&testing::random_id().to_string()),
            last_four: "a9F2".into(),
            scopes: vec!["read".into()],
            lifetime: None,
            authorization: Some(authorization.into()),
        };
        self.create::<Token>(issue).await;
        authorization.into()
    }

    async fn granted(&self, member: MemberId, third_party: ThirdPartyId, client: ClientId) -> StreamId {
        let grant = Grant {
            client,
            third_party: Some(third_party),
            member,
            scopes: vec!["read".into()],
            redirect_uri: CALLBACK.into(),
            redirect_uri_was_sent: true,
            code: Digest::of(&testing::random_id().to_string()),
            code_last_four: "a9F2".into(),
            code_challenge: None,
        };
        self.create::<Authorization>(AuthorizationCommand::Grant(grant)).await
    }

    async fn token(&self, third_party: ThirdPartyId, client: ClientId, entropy: u8) -> TokenId {
        let mut bits = *testing::random_id().as_bytes();
        bits[0] = entropy;
        let secret = Secret::from_entropy(SecretKind::ManualToken, [bits, bits].concat().try_into().unwrap());
        let issue = TokenCommand::IssueManual {
            third_party,
            client,
            digest: secret.digest(),
            last_four: secret.last_four(),
            scopes: vec![Scope::parse("read").unwrap()],
            expires_at: None,
            default_months: 6,
            maximum_months: 12,
        };
        self.create::<Token>(issue).await.into()
    }
}

const CALLBACK: &str = "https://initrode.example/callback";

fn redeem(client: ClientId, refresh: Option<Digest>) -> AuthorizationCommand {
    AuthorizationCommand::Redeem { client, redirect_uri: Some(CALLBACK.into()), code_verifier: None, refresh }
}

fn email_address(email: Option<&str>) -> Option<EmailAddress> {
    email.map(|email| EmailAddress::parse(email).unwrap())
}
