//! Every event in words, before and after its personal data was erased.

use std::collections::BTreeSet;

use countersign_domain::authorization::Grant;
use countersign_domain::client::{AuthenticationFailure, SecretProof};
use countersign_domain::member::{SignInFailure, SignInMethod};
use countersign_domain::organization::ExportFormat;
use countersign_domain::third_party::Mode;
use countersign_domain::values::{HostName, Note, OrganizationName, PersonName, RedirectUri, ThirdPartyName};
use countersign_domain::{
    Authorization, AuthorizationCommand, AuthorizationEvent, Client, ClientCommand, ClientEvent, ClientSettings,
    Consent, ConsentCommand, ConsentEvent, ConsentId, Digest, GrantType, JobId, Member, MemberCommand, MemberEvent,
    Organization, OrganizationCommand, OrganizationEvent, Role, SessionId, SettingsBounds, ThirdParty,
    ThirdPartyCommand, ThirdPartyEvent, Token, TokenCommand, TokenEvent, VerifierId,
};
use countersign_persistence::clock;
use countersign_persistence::queries::audit::{
    AuditCursor, AuditEntry, AuditFilter, AuditPage, LONGEST_PAGE, timeline,
};
use countersign_persistence::testing::random_id;
use jiff::SignedDuration;

use crate::support::{World, at, contact, world};

/// The whole timeline, oldest first.
async fn told(world: &World) -> Vec<AuditEntry> {
    let page = AuditPage { cursor: AuditCursor::Newest, limit: LONGEST_PAGE };
    let mut entries = timeline(&world.store, world.organization, &AuditFilter::default(), page).await.unwrap().entries;
    entries.reverse();
    entries
}

/// The sentence of an entry, then its changes.
fn words(entry: &AuditEntry) -> String {
    let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
    let changes = entry
        .changes
        .iter()
        .map(|change| format!("{}: {} → {}", change.field, side(&change.from), side(&change.to)).replace('\n', ", "));
    [entry.sentence.clone()].into_iter().chain(changes).collect::<Vec<_>>().join("; ")
}

async fn assert_story(world: &World, skipped: usize, expected: &[&str]) -> BTreeSet<String> {
    let entries = told(world).await;
    let entries = &entries[skipped..];
    assert_eq!(entries.iter().map(words).collect::<Vec<_>>(), expected);
    entries.iter().map(|entry| entry.event_type.clone()).collect()
}

fn all_of(types: &[&str]) -> BTreeSet<String> {
    types.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn organizations() {
    let world = world().await;
    let id = world.organization.uuid();
    let slug = world.store.directory().organization(world.organization).await.unwrap().unwrap().slug.clone();
    for command in [
        OrganizationCommand::Rename(OrganizationName::parse("Acme Ltd").unwrap()),
        OrganizationCommand::Suspend,
        OrganizationCommand::Resume,
        OrganizationCommand::LimitTokenLifetime { months: 1 },
        OrganizationCommand::SetHostName(Some(HostName::parse(&format!("{slug}.example")).unwrap())),
        OrganizationCommand::SetHostName(None),
        OrganizationCommand::LimitTokenLifetime { months: 24 },
        OrganizationCommand::SetDefaultTokenLifetime { months: 3 },
        OrganizationCommand::LimitAccessTokenLifetime { seconds: Some(7200) },
        OrganizationCommand::LimitAccessTokenLifetime { seconds: None },
        OrganizationCommand::SetDefaultAccessTokenLifetime { seconds: 900 },
        OrganizationCommand::RequireSignInCodes(true),
        OrganizationCommand::RequireSignInCodes(false),
        OrganizationCommand::ExportAudit {
            job: JobId(random_id()),
            format: ExportFormat::Csv,
            filters: vec!["actor".to_owned(), "from".to_owned()],
            up_to: 7,
        },
    ] {
        world.execute::<Organization>(id, command).await;
    }
    let types = assert_story(
        &world,
        0,
        &[
            &format!(
                "Created the organization {slug}; Name: – → {slug}; Name in URLs: – → {slug}; \
                 Longest life of a manual token: – → 24 months"
            ),
            &format!("Renamed the organization to Acme Ltd; Name: {slug} → Acme Ltd"),
            "Suspended the organization; Suspended: No → Yes",
            "Resumed the organization; Suspended: Yes → No",
            "Limited the life of manual tokens to 1 month; Longest life of a manual token: 24 months → 1 month",
            &format!("Gave the organization the host name {slug}.example; Host name: – → {slug}.example"),
            &format!("Took the organization's host name away; Host name: {slug}.example → –"),
            "Limited the life of manual tokens to 24 months; Longest life of a manual token: 1 month → 24 months",
            "Set the life of manual tokens to 3 months unless a date is chosen; \
             Life of a manual token: 6 months → 3 months",
            "Limited the life of access tokens to 7200 s; Longest life of an access token: – → 7200 s",
            "Took the limit of the life of access tokens away; Longest life of an access token: 7200 s → –",
            "Set the life of access tokens to 900 s where a client says nothing else; \
             Life of an access token: 3600 s → 900 s",
            "Required sign-in codes of all members; Sign-in codes required: No → Yes",
            "Made sign-in codes optional; Sign-in codes required: Yes → No",
            "Exported the audit timeline up to no. 7 as CSV; Filtered by: – → actor, from",
        ],
    )
    .await;
    assert_eq!(types, all_of(OrganizationEvent::TYPES));
}

#[tokio::test]
async fn members() {
    let world = world().await;
    // An organization keeps an active owner.
    world.member("olga@acme.example", "Olga", Role::Owner).await;
    let id = world.member("ann@acme.example", "Ann", Role::Admin).await.uuid();
    let minute = at("2026-03-14T09:26:00Z");
    for command in [
        MemberCommand::Rename(PersonName::parse("Anna").unwrap()),
        MemberCommand::ChangeRole(Role::Owner),
        MemberCommand::SetPassword(VerifierId(random_id())),
        MemberCommand::EnableTotp,
        MemberCommand::ReplaceRecoveryCodes,
        MemberCommand::DisableTotp,
        MemberCommand::Deactivate,
        MemberCommand::Reactivate,
        MemberCommand::RecordSignInLink { expires_at: minute },
        MemberCommand::SignIn { session: SessionId(random_id()), method: SignInMethod::Password },
        MemberCommand::SignIn { session: SessionId(random_id()), method: SignInMethod::Link },
        MemberCommand::SignIn { session: SessionId(random_id()), method: SignInMethod::PasswordAndCode },
        MemberCommand::SignIn { session: SessionId(random_id()), method: SignInMethod::PasswordAndRecoveryCode },
        MemberCommand::SignIn { session: SessionId(random_id()), method: SignInMethod::LinkAndCode },
        MemberCommand::SignIn { session: SessionId(random_id()), method: SignInMethod::LinkAndRecoveryCode },
        MemberCommand::EndSession(SessionId(random_id())),
        MemberCommand::RecordFailedSignIns { cause: SignInFailure::WrongPassword, count: 3, minute },
        MemberCommand::RecordFailedSignIns { cause: SignInFailure::WrongCode, count: 2, minute },
        MemberCommand::RecordFailedSignIns { cause: SignInFailure::LockedOut, count: 1, minute },
    ] {
        world.execute::<Member>(id, command).await;
    }
    let types = assert_story(
        &world,
        2,
        &[
            "Added the member Ann as admin; E-mail: – → ann@acme.example; Name: – → Ann; Role: – → admin",
            "Renamed the member Anna; Name: Ann → Anna",
            "Made the member Anna owner; Role: admin → owner",
            "Set a new password for Anna",
            "Switched sign-in codes on for Anna; Sign-in codes: No → Yes",
            "Replaced the recovery codes of Anna",
            "Switched sign-in codes off for Anna; Sign-in codes: Yes → No",
            "Deactivated the member Anna; Active: Yes → No",
            "Reactivated the member Anna; Active: No → Yes",
            "Made a one-use sign-in link for Anna, valid until 2026-03-14 09:26:00 UTC",
            "Signed in as Anna with a password",
            "Signed in as Anna with a sign-in link",
            "Signed in as Anna with a password and a sign-in code",
            "Signed in as Anna with a password and a recovery code",
            "Signed in as Anna with a sign-in link and a sign-in code",
            "Signed in as Anna with a sign-in link and a recovery code",
            "Ended a session of Anna",
            "3 attempts to sign in as Anna failed: wrong password (in the minute from 2026-03-14 09:26:00 UTC)",
            "2 attempts to sign in as Anna failed: right password, wrong code \
             (in the minute from 2026-03-14 09:26:00 UTC)",
            "1 attempt to sign in as Anna failed: locked out after too many wrong passwords or codes \
             (in the minute from 2026-03-14 09:26:00 UTC)",
        ],
    )
    .await;
    assert_eq!(types, all_of(MemberEvent::TYPES));

    world.erase_everybody().await;
    let erased = told(&world).await;
    assert_eq!(
        words(&erased[2]),
        "Added the member (erased) as admin; E-mail: – → (erased); Name: – → (erased); Role: – → admin"
    );
    assert_eq!(words(&erased[3]), "Renamed the member Anna; Name: (erased) → (erased)");
}

#[tokio::test]
async fn third_parties() {
    let world = world().await;
    let id = world.third_party_with("Initech", Some("Ann"), None, Mode::Manual).await.uuid();
    for command in [
        ThirdPartyCommand::Rename(ThirdPartyName::parse("Initech GmbH").unwrap()),
        ThirdPartyCommand::ChangeContact(contact(Some("Ann"), Some("ann@initech.example"))),
        ThirdPartyCommand::ChangeContact(contact(None, Some("desk@initech.example"))),
        ThirdPartyCommand::ChangeRequirements(Some(Note::parse("Reviewed").unwrap())),
        ThirdPartyCommand::ChangeRequirements(None),
        ThirdPartyCommand::ChangeMode(Mode::Automatic),
        ThirdPartyCommand::Enable,
        ThirdPartyCommand::Disable,
        ThirdPartyCommand::Delete,
    ] {
        world.execute::<ThirdParty>(id, command).await;
    }
    let types = assert_story(
        &world,
        1,
        &[
            "Added the third party Initech; Name: – → Initech; Mode: – → manual; Contact name: – → Ann",
            "Renamed the third party Initech to Initech GmbH; Name: Initech → Initech GmbH",
            "Changed the contact of Initech GmbH; Contact e-mail: – → ann@initech.example",
            "Changed the contact of Initech GmbH; Contact name: Ann → –; \
             Contact e-mail: ann@initech.example → desk@initech.example",
            "Changed the requirements of Initech GmbH; Requirements: – → Reviewed",
            "Changed the requirements of Initech GmbH; Requirements: Reviewed → –",
            "Made Initech GmbH automatic; Mode: manual → automatic",
            "Switched Initech GmbH on; Enabled: No → Yes",
            "Switched Initech GmbH off; Enabled: Yes → No",
            "Deleted the third party Initech GmbH",
        ],
    )
    .await;
    assert_eq!(types, all_of(ThirdPartyEvent::TYPES));

    world.erase_everybody().await;
    let erased = told(&world).await;
    assert_eq!(
        words(&erased[4]),
        "Changed the contact of Initech GmbH; Contact name: (erased) → –; Contact e-mail: (erased) → (erased)"
    );
    assert_eq!(words(&erased[5]), "Changed the requirements of Initech GmbH; Requirements: – → (erased)");
}

#[tokio::test]
async fn clients() {
    let world = world().await;
    let third_party = world.third_party("Initech").await;
    let id = world.client("initech", third_party).await.uuid();
    let generated = SecretProof::Generated { digest: Digest::of("secret"), last_four: "a9F2".into() };
    let chosen = SecretProof::Chosen { verifier: VerifierId(random_id()) };
    let expires_at = clock::now() + SignedDuration::from_hours(48);
    let expiry = expires_at.strftime("%Y-%m-%d %H:%M:%S UTC");
    let uris =
        vec![RedirectUri::parse("https://a.example/").unwrap(), RedirectUri::parse("https://b.example/").unwrap()];
    let failed =
        |cause| ClientCommand::RecordFailedAuthentications { cause, count: 2, minute: at("2026-03-14T09:26:00Z") };
    for command in [
        ClientCommand::AddSecret { proof: generated, expires_at: Some(expires_at) },
        ClientCommand::AddSecret { proof: chosen, expires_at: None },
        ClientCommand::ChangeRedirectUris(uris),
        ClientCommand::ChangeRedirectUris(vec![]),
        ClientCommand::Deactivate,
        ClientCommand::Activate,
        failed(AuthenticationFailure::WrongSecret),
        failed(AuthenticationFailure::ExpiredSecret),
        failed(AuthenticationFailure::MissingSecret),
        failed(AuthenticationFailure::NotActive),
        failed(AuthenticationFailure::HeldBack),
    ] {
        world.execute::<Client>(id, command).await;
    }
    let client = &countersign_persistence::queries::third_parties::get(&world.store, world.organization, third_party)
        .await
        .unwrap()
        .unwrap()
        .client
        .unwrap();
    let limit = ClientCommand::LimitSecret { secret: client.secrets[0].id, expires_at: None };
    world.execute::<Client>(id, limit).await;
    let settings = ClientSettings {
        scopes: vec!["read".into()],
        grant_types: vec![GrantType::ClientCredentials],
        pkce_required: false,
        access_token_lifetime: Some(600),
        may_introspect: true,
        api_access: false,
    };
    let bounds = SettingsBounds::of_operator(12);
    world.execute::<Client>(id, ClientCommand::ChangeSettings { settings, bounds: bounds.clone() }).await;
    let api_key = ClientSettings {
        scopes: vec!["audit:read".into()],
        grant_types: vec![GrantType::ClientCredentials],
        pkce_required: false,
        access_token_lifetime: Some(600),
        may_introspect: true,
        api_access: true,
    };
    world.execute::<Client>(id, ClientCommand::ChangeSettings { settings: api_key, bounds }).await;
    world.execute::<Client>(id, ClientCommand::RemoveSecret(client.secrets[0].id)).await;
    world.execute::<Client>(id, ClientCommand::Delete).await;
    let minute = "(in the minute from 2026-03-14 09:26:00 UTC)";
    let types = assert_story(
        &world,
        2,
        &[
            "Registered client initech for Initech; Client ID: – → initech; Client type: – → confidential; \
             Scopes: – → read, write; Callback URLs: – → https://partner.example/callback",
            &format!("Added the secret cs_sk_…a9F2 to client initech; Expires: – → {expiry}"),
            "Added a secret chosen by a person to client initech; Expires: – → Does not expire",
            "Changed the callback URLs of client initech; \
             Callback URLs: https://partner.example/callback → https://a.example/, https://b.example/",
            "Changed the callback URLs of client initech; Callback URLs: https://a.example/, https://b.example/ → –",
            "Switched client initech off; Active: Yes → No",
            "Switched client initech on; Active: No → Yes",
            &format!("2 authentications of client initech failed: wrong secret {minute}"),
            &format!("2 authentications of client initech failed: expired secret {minute}"),
            &format!("2 authentications of client initech failed: no secret {minute}"),
            &format!(
                "2 authentications of client initech failed: the client is not Active, \
                 or its third party not Enabled {minute}"
            ),
            &format!("2 authentications of client initech failed: not looked at, after too many failures {minute}"),
            &format!("Changed when a secret of client initech expires; Expires: {expiry} → Does not expire"),
            "Changed what client initech may do; Scopes: read, write → read; \
             Grant types: authorization_code, client_credentials, refresh_token → client_credentials; \
             PKCE required: Yes → No; Access tokens live: Default → 600 s; May introspect: No → Yes",
            "Changed what client initech may do; Scopes: read → audit:read; API key: No → Yes",
            "Removed a secret of client initech",
            "Deleted client initech",
        ],
    )
    .await;
    assert_eq!(types, all_of(ClientEvent::TYPES));
}

#[tokio::test]
async fn authorizations_and_consents() {
    let world = world().await;
    let third_party = world.third_party("Initech").await;
    let client = world.client("initech", third_party).await;
    let member = random_id().into();
    let grant = || Grant {
        client,
        third_party: Some(third_party),
        member,
        scopes: vec!["read".into()],
        redirect_uri: "https://partner.example/callback".into(),
        redirect_uri_was_sent: false,
        code: Digest::of(&random_id().to_string()),
        code_last_four: "a9F2".into(),
        code_challenge: None,
    };
    let give = ConsentCommand::Give { member, client, third_party: Some(third_party), scopes: vec!["read".into()] };
    let consent = ConsentId::of(member, client).uuid();
    for command in [give, ConsentCommand::Withdraw] {
        world.execute::<Consent>(consent, command).await;
    }
    let (first, second) = (Digest::of(&random_id().to_string()), Digest::of(&random_id().to_string()));
    let redeem = |refresh| AuthorizationCommand::Redeem { client, redirect_uri: None, code_verifier: None, refresh };
    let refresh = AuthorizationCommand::Refresh { client, presented: first, successor: second };
    let id = world.create::<Authorization>(AuthorizationCommand::Grant(grant())).await;
    for command in [redeem(Some(first)), refresh, AuthorizationCommand::RecordReuse] {
        world.execute::<Authorization>(id, command).await;
    }
    let id = world.create::<Authorization>(AuthorizationCommand::Grant(grant())).await;
    for command in [redeem(None), AuthorizationCommand::RecordReplay] {
        world.execute::<Authorization>(id, command).await;
    }
    let id = world.create::<Authorization>(AuthorizationCommand::Grant(grant())).await;
    world.execute::<Authorization>(id, AuthorizationCommand::Revoke).await;
    let granted = "Authorized client initech; Redirect URI: – → https://partner.example/callback; \
                   Authorization code expires: – → ";
    let page = AuditPage { cursor: AuditCursor::Newest, limit: LONGEST_PAGE };
    let told = timeline(&world.store, world.organization, &AuditFilter::default(), page).await.unwrap().entries;
    let told = told.iter().rev().skip(3).collect::<Vec<_>>();
    let expected = [
        "Consented to the access of client initech; Scopes: – → read",
        "Withdrew the consent to the access of client initech",
        granted,
        "Redeemed the authorization code of client initech",
        "Replaced the refresh token of client initech by its successor",
        "A refresh token of client initech was used again: all tokens of its family were revoked",
        granted,
        "Redeemed the authorization code of client initech",
        "An authorization code of client initech was presented again: everything it gave was revoked",
        granted,
        "Revoked the authorization of client initech",
    ];
    assert_eq!(told.len(), expected.len());
    for (entry, expected) in told.iter().zip(expected) {
        assert!(words(entry).starts_with(expected), "{}", words(entry));
    }
    let types = told.iter().map(|entry| entry.event_type.clone()).collect::<BTreeSet<_>>();
    assert_eq!(types, all_of(AuthorizationEvent::TYPES).union(&all_of(ConsentEvent::TYPES)).cloned().collect());
}

#[tokio::test]
async fn tokens() {
    let world = world().await;
    let third_party = world.third_party("Initech").await;
    let client = world.client("initech", third_party).await;
    let expires_at = clock::now() + SignedDuration::from_hours(48);
    let (id, masked) = world.token(third_party, client, Some(expires_at)).await;
    for command in [TokenCommand::Deactivate, TokenCommand::Activate, TokenCommand::Revoke] {
        world.execute::<Token>(id.uuid(), command).await;
    }
    let expiry = expires_at.strftime("%Y-%m-%d %H:%M:%S UTC");
    let types = assert_story(
        &world,
        3,
        &[
            &format!("Added token {masked} for Initech; Expires: – → {expiry}; Scopes: – → read"),
            &format!("Switched token {masked} off; Active: Yes → No"),
            &format!("Switched token {masked} on; Active: No → Yes"),
            &format!("Revoked token {masked}"),
        ],
    )
    .await;
    assert_eq!(types, all_of(TokenEvent::TYPES));
}
