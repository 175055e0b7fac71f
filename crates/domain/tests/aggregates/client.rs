//! The OAuth client.

use countersign_domain::client::{AuthenticationFailure, ClientType, MAXIMUM_SECRETS, SecretProof};
use countersign_domain::{
    ApiScope, Change, Client, ClientCommand as Command, ClientError, ClientEvent as Event, ClientSettings, Digest,
    GrantType, JournalEvent, JournaledAggregate, References, Rights, Role, SecretId, SettingsBounds, TokenEvent,
};
use jiff::{SignedDuration, Timestamp};

use crate::support::{NOW, at, count_of, event_of, given, json, services, state, uuid};

const CALLBACK: &str = "https://partner.example/callback";

fn registered_as(client_type: ClientType) -> Event {
    Event::ClientRegistered {
        identifier: "partner".into(),
        client_type,
        third_party: Some(uuid(5).into()),
        scopes: vec!["read".into(), "write".into()],
        redirect_uris: vec![CALLBACK.into()],
    }
}

fn registered() -> Event {
    registered_as(ClientType::Confidential)
}

fn register(client_type: ClientType) -> Command {
    Command::Register {
        identifier: "partner".parse().unwrap(),
        client_type,
        third_party: Some(uuid(5).into()),
        scopes: vec!["read".parse().unwrap(), "write".parse().unwrap()],
        redirect_uris: vec![CALLBACK.parse().unwrap()],
    }
}

fn deleted() -> Event {
    Event::ClientDeleted { identifier: "partner".into() }
}

fn generated() -> SecretProof {
    SecretProof::Generated { digest: Digest::of("secret"), last_four: "cret".into() }
}

fn chosen() -> SecretProof {
    SecretProof::Chosen { verifier: uuid(6).into() }
}

fn secret(number: u128) -> SecretId {
    uuid(number).into()
}

fn with_secret(number: u128, expires_at: Option<Timestamp>) -> Event {
    Event::ClientSecretAdded { secret: secret(number), proof: generated(), expires_at }
}

fn add_secret(expires_at: Option<Timestamp>) -> Command {
    Command::AddSecret { proof: generated(), expires_at }
}

fn redirect_to(uris: &[&str]) -> Command {
    Command::ChangeRedirectUris(uris.iter().map(|uri| uri.parse().unwrap()).collect())
}

fn failures(count: u32) -> Command {
    Command::RecordFailedAuthentications { cause: AuthenticationFailure::WrongSecret, count, minute: at(NOW) }
}

fn every_command_on_an_existing_one() -> Vec<Command> {
    vec![
        add_secret(None),
        Command::RemoveSecret(secret(1)),
        redirect_to(&["https://partner.example/other"]),
        change_settings(ClientSettings { may_introspect: true, ..initial() }),
        Command::LimitSecret { secret: secret(1), expires_at: Some(in_a_moment()) },
        Command::Activate,
        Command::Deactivate,
        Command::Delete,
        failures(1),
    ]
}

fn initial() -> ClientSettings {
    ClientSettings::initial(ClientType::Confidential, vec!["read".into(), "write".into()])
}

fn change_settings(settings: ClientSettings) -> Command {
    Command::ChangeSettings { settings, bounds: SettingsBounds::of_operator(1) }
}

fn in_a_moment() -> Timestamp {
    at(NOW) + SignedDuration::from_micros(1)
}

#[test]
fn is_registered() {
    for client_type in [ClientType::Confidential, ClientType::Public] {
        given::<Client>(&[]).when(register(client_type)).then_expect_events(vec![registered_as(client_type)]);
    }
}

#[test]
fn settings_change_as_a_whole_and_only_when_they_differ() {
    let to = ClientSettings {
        scopes: vec!["write".into(), "admin".into(), "write".into()],
        grant_types: vec![GrantType::ClientCredentials, GrantType::ClientCredentials],
        pkce_required: false,
        access_token_lifetime: Some(60),
        may_introspect: true,
        api_access: false,
    };
    let tidy = ClientSettings {
        scopes: vec!["write".into(), "admin".into()],
        grant_types: vec![GrantType::ClientCredentials],
        ..to.clone()
    };
    let changed = Event::ClientSettingsChanged { settings: Change { from: initial(), to: tidy.clone() } };
    given::<Client>(&[registered()]).when(change_settings(to.clone())).then_expect_events(vec![changed.clone()]);
    given::<Client>(&[registered(), changed.clone()]).when(change_settings(to)).then_expect_events(vec![]);
    assert_eq!(state::<Client>(&[registered(), changed]).settings(), &tidy);
    given::<Client>(&[registered()]).when(change_settings(initial())).then_expect_events(vec![]);
}

#[test]
fn settings_that_a_client_of_its_type_may_not_have_are_refused() {
    use GrantType::{AuthorizationCode, ClientCredentials, RefreshToken};
    let refused = |client_type, settings, error| {
        given::<Client>(&[registered_as(client_type)]).when(change_settings(settings)).then_expect_error(error);
    };
    let confidential = |grant_types: &[GrantType]| ClientSettings { grant_types: grant_types.to_vec(), ..initial() };
    refused(ClientType::Confidential, confidential(&[]), ClientError::NoGrantType);
    refused(ClientType::Confidential, confidential(&[RefreshToken, ClientCredentials]), ClientError::RefreshTokenAlone);
    let public = ClientSettings::initial(ClientType::Public, Vec::new());
    assert_eq!(public.grant_types, [AuthorizationCode, RefreshToken]);
    let with_credentials = ClientSettings { grant_types: GrantType::ALL.to_vec(), ..public.clone() };
    refused(ClientType::Public, with_credentials, ClientError::PublicClientCredentials);
    refused(
        ClientType::Public,
        ClientSettings { pkce_required: false, ..public.clone() },
        ClientError::PublicWithoutPkce,
    );
    refused(ClientType::Public, ClientSettings { may_introspect: true, ..public }, ClientError::PublicIntrospection);
}

fn api_key(scopes: &[&str]) -> ClientSettings {
    ClientSettings {
        scopes: scopes.iter().map(ToString::to_string).collect(),
        grant_types: vec![GrantType::ClientCredentials],
        api_access: true,
        ..initial()
    }
}

fn as_member(role: Role, settings: ClientSettings) -> Command {
    let bounds = SettingsBounds { rights: Rights::of_role(role), ..SettingsBounds::of_operator(1) };
    Command::ChangeSettings { settings, bounds }
}

#[test]
fn an_api_key_has_scopes_of_the_list_and_one_grant() {
    let refused = |client_type, settings, error| {
        given::<Client>(&[registered_as(client_type)]).when(change_settings(settings)).then_expect_error(error);
    };
    let key = api_key(&["audit:read"]);
    assert_eq!(count_of::<Client>(&services(), &[registered()], change_settings(key.clone())), 1);
    let confidential = ClientType::Confidential;
    refused(confidential, api_key(&[]), ClientError::ApiKeyWithoutScope);
    let foreign = ClientError::NotAnApiScope { scope: "records:read".into() };
    refused(confidential, api_key(&["audit:read", "records:read"]), foreign);
    let all_grants = ClientSettings { grant_types: GrantType::ALL.to_vec(), ..key.clone() };
    refused(confidential, all_grants, ClientError::ApiKeyGrantTypes);
    let public = ClientSettings { grant_types: vec![GrantType::AuthorizationCode], ..key };
    refused(ClientType::Public, public, ClientError::PublicApiKey);
}

#[test]
fn nobody_makes_or_widens_an_api_key_beyond_their_own_rights() {
    let beyond = |scope| ClientError::BeyondOwnRights { scope };
    let made = |settings: ClientSettings| {
        vec![registered(), Event::ClientSettingsChanged { settings: Change { from: initial(), to: settings } }]
    };
    for (role, scopes, outcome) in [
        (Role::Owner, &["members:manage", "settings:manage"][..], Ok(())),
        (Role::Admin, &["third-parties:manage", "audit:read", "members:read", "settings:read"][..], Ok(())),
        (Role::Admin, &["audit:read", "members:manage"][..], Err(ApiScope::ManageMembers)),
        (Role::Admin, &["settings:manage"][..], Err(ApiScope::ManageSettings)),
        (Role::Auditor, &["third-parties:manage"][..], Err(ApiScope::ManageThirdParties)),
        (Role::Developer, &["audit:read"][..], Err(ApiScope::ReadAudit)),
    ] {
        let command = as_member(role, api_key(scopes));
        match outcome {
            Ok(()) => assert_eq!(count_of::<Client>(&services(), &[registered()], command), 1, "{role:?} {scopes:?}"),
            Err(scope) => given::<Client>(&[registered()]).when(command).then_expect_error(beyond(scope)),
        }
    }
    // What somebody else gave may stay and be taken, but not grow.
    let owners = made(api_key(&["audit:read", "members:manage"]));
    let narrowed = as_member(Role::Admin, api_key(&["members:manage"]));
    assert_eq!(count_of::<Client>(&services(), &owners, narrowed), 1);
    let widened = as_member(Role::Admin, api_key(&["audit:read", "members:manage", "settings:manage"]));
    given::<Client>(&owners).when(widened).then_expect_error(beyond(ApiScope::ManageSettings));
    // An ordinary client's scopes gave no rights, whatever they are called.
    let namesake = ClientSettings { scopes: vec!["members:manage".into()], ..initial() };
    let switched_on = as_member(Role::Admin, api_key(&["members:manage"]));
    given::<Client>(&made(namesake)).when(switched_on).then_expect_error(beyond(ApiScope::ManageMembers));
}

#[test]
fn a_secret_of_an_api_key_is_for_those_who_have_its_rights() {
    let key = api_key(&["audit:read", "members:manage"]);
    let refused = Err(ClientError::BeyondOwnRights { scope: ApiScope::ManageMembers });
    assert_eq!(key.may_be_handed_to(&Rights::of_role(Role::Owner)), Ok(()));
    assert_eq!(key.may_be_handed_to(&Rights::of_role(Role::Admin)), refused);
    let with_reading = Rights::of_scopes(&["third-parties:manage".into(), "members:read".into(), "audit:read".into()]);
    assert_eq!(key.may_be_handed_to(&with_reading), refused);
    let ordinary = ClientSettings { api_access: false, ..key };
    assert_eq!(ordinary.may_be_handed_to(&Rights::of_role(Role::Admin)), Ok(()));
}

#[test]
fn a_new_lifetime_is_held_to_the_maximum_of_the_organization() {
    let bounds = SettingsBounds { maximum_seconds: Some(7200), ..SettingsBounds::of_operator(1) };
    let set = |seconds: u32, may_introspect: bool| {
        let settings = ClientSettings { access_token_lifetime: Some(seconds), may_introspect, ..initial() };
        Command::ChangeSettings { settings, bounds: bounds.clone() }
    };
    assert_eq!(count_of::<Client>(&services(), &[registered()], set(7200, false)), 1);
    let error = ClientError::LifetimeBeyondMaximum { seconds: 7200 };
    given::<Client>(&[registered()]).when(set(7201, false)).then_expect_error(error.clone());
    // One that was set before the maximum does not stand in the way of other changes.
    let longer = ClientSettings { access_token_lifetime: Some(86_400), ..initial() };
    let before = [registered(), Event::ClientSettingsChanged { settings: Change { from: initial(), to: longer } }];
    assert_eq!(count_of::<Client>(&services(), &before, set(86_400, true)), 1);
    given::<Client>(&before).when(set(86_401, false)).then_expect_error(error);
}

#[test]
fn a_lifetime_is_from_a_minute_to_the_limit_of_the_organization() {
    // The limit is a month, and from 14 March to 14 April there are 31 days.
    let month = 31 * 24 * 60 * 60;
    for (seconds, is_allowed) in [(0, false), (59, false), (60, true), (month, true), (month + 1, false)] {
        let command = change_settings(ClientSettings { access_token_lifetime: Some(seconds), ..initial() });
        if is_allowed {
            assert_eq!(count_of::<Client>(&services(), &[registered()], command), 1, "{seconds}");
        } else {
            let error = ClientError::LifetimeOutOfRange { months: 1 };
            given::<Client>(&[registered()]).when(command).then_expect_error(error);
        }
    }
}

#[test]
fn a_secret_can_be_given_an_end_and_lose_it_again() {
    let history = [registered(), with_secret(1, None)];
    let limit = |expires_at| Command::LimitSecret { secret: secret(1), expires_at };
    let limited =
        Event::ClientSecretLimited { secret: secret(1), expires_at: Change { from: None, to: Some(in_a_moment()) } };
    given::<Client>(&history).when(limit(Some(in_a_moment()))).then_expect_events(vec![limited.clone()]);
    given::<Client>(&history).when(limit(None)).then_expect_events(vec![]);
    given::<Client>(&history).when(limit(Some(at(NOW)))).then_expect_error(ClientError::ExpiryInThePast);
    let history = [registered(), with_secret(1, None), limited];
    given::<Client>(&history).when(limit(None)).then_expect_events(vec![Event::ClientSecretLimited {
        secret: secret(1),
        expires_at: Change { from: Some(in_a_moment()), to: None },
    }]);
    let unknown = Command::LimitSecret { secret: secret(2), expires_at: None };
    given::<Client>(&history).when(unknown).then_expect_error(ClientError::UnknownSecret);
}

#[test]
fn is_registered_with_an_identifier_alone() {
    let command = Command::Register {
        identifier: "partner".parse().unwrap(),
        client_type: ClientType::Public,
        third_party: None,
        scopes: vec![],
        redirect_uris: vec![],
    };
    given::<Client>(&[]).when(command).then_expect_events(vec![Event::ClientRegistered {
        identifier: "partner".into(),
        client_type: ClientType::Public,
        third_party: None,
        scopes: vec![],
        redirect_uris: vec![],
    }]);
}

#[test]
fn keeps_each_scope_and_address_once_in_the_order_given() {
    let other = "https://partner.example/other";
    let command = Command::Register {
        identifier: "partner".parse().unwrap(),
        client_type: ClientType::Confidential,
        third_party: None,
        scopes: ["write", "read", "write"].map(|scope| scope.parse().unwrap()).to_vec(),
        redirect_uris: [other, CALLBACK, other, other].map(|uri| uri.parse().unwrap()).to_vec(),
    };
    given::<Client>(&[]).when(command).then_expect_events(vec![Event::ClientRegistered {
        identifier: "partner".into(),
        client_type: ClientType::Confidential,
        third_party: None,
        scopes: vec!["write".into(), "read".into()],
        redirect_uris: vec![other.into(), CALLBACK.into()],
    }]);
    given::<Client>(&[registered()]).when(redirect_to(&[CALLBACK, CALLBACK])).then_expect_events(vec![]);
}

#[test]
fn is_registered_once() {
    let again = || register(ClientType::Confidential);
    given::<Client>(&[registered()]).when(again()).then_expect_error(ClientError::Exists);
    given::<Client>(&[registered(), deleted()]).when(again()).then_expect_error(ClientError::Exists);
}

#[test]
fn must_exist_for_everything_else() {
    for command in every_command_on_an_existing_one() {
        given::<Client>(&[]).when(command).then_expect_error(ClientError::Unknown);
    }
}

#[test]
fn stays_as_it_is_once_deleted() {
    for command in every_command_on_an_existing_one() {
        given::<Client>(&[registered(), with_secret(1, None), deleted()])
            .when(command)
            .then_expect_error(ClientError::Deleted);
    }
}

#[test]
fn is_given_a_secret_under_a_new_identifier() {
    let services = services();
    let mut identifiers = Vec::new();
    for proof in [generated(), chosen()] {
        let command = Command::AddSecret { proof: proof.clone(), expires_at: Some(in_a_moment()) };
        let event = event_of::<Client>(&services, &[registered()], command);
        let Event::ClientSecretAdded { secret, proof: recorded, expires_at } = event else { panic!("{event:?}") };
        assert_eq!((recorded, expires_at), (proof, Some(in_a_moment())));
        identifiers.push(secret);
    }
    assert_ne!(identifiers[0], identifiers[1]);
}

#[test]
fn the_record_holds_the_digest_and_never_the_secret() {
    let services = services();
    let clear = countersign_domain::Secret::generate(countersign_domain::SecretKind::ClientSecret, services.as_ref());
    let proof = SecretProof::Generated { digest: clear.digest(), last_four: clear.last_four() };
    let command = Command::AddSecret { proof, expires_at: None };
    let json = json(event_of::<Client>(&services, &[registered()], command));
    assert!(json.contains(&format!("{:?}", clear.digest())), "{json}");
    assert!(json.contains(r#""last_four":"#), "{json}");
    assert!(!json.contains(clear.expose()) && !json.contains("cs_sk_"), "{json}");
}

#[test]
fn has_two_secrets_at_most() {
    assert_eq!(MAXIMUM_SECRETS, 2);
    let two = [registered(), with_secret(1, None), with_secret(2, None)];
    assert_eq!(count_of::<Client>(&services(), &two[..2], add_secret(None)), 1);
    given::<Client>(&two).when(add_secret(None)).then_expect_error(ClientError::TooManySecrets);
    let one_removed = [&two[..], &[Event::ClientSecretRemoved { secret: secret(1) }]].concat();
    assert_eq!(count_of::<Client>(&services(), &one_removed, add_secret(None)), 1);
}

#[test]
fn an_expired_secret_does_not_count() {
    let now_expired = [registered(), with_secret(1, None), with_secret(2, Some(at(NOW)))];
    assert_eq!(count_of::<Client>(&services(), &now_expired, add_secret(None)), 1);
    let living = [registered(), with_secret(1, None), with_secret(2, Some(in_a_moment()))];
    given::<Client>(&living).when(add_secret(None)).then_expect_error(ClientError::TooManySecrets);
}

#[test]
fn a_secret_expires_in_the_future() {
    let a_moment_ago = at(NOW) - SignedDuration::from_micros(1);
    for expires_at in [at(NOW), a_moment_ago] {
        given::<Client>(&[registered()])
            .when(add_secret(Some(expires_at)))
            .then_expect_error(ClientError::ExpiryInThePast);
    }
    assert_eq!(count_of::<Client>(&services(), &[registered()], add_secret(Some(in_a_moment()))), 1);
}

#[test]
fn a_public_client_has_no_secret() {
    for proof in [generated(), chosen()] {
        given::<Client>(&[registered_as(ClientType::Public)])
            .when(Command::AddSecret { proof, expires_at: None })
            .then_expect_error(ClientError::PublicClient);
    }
}

#[test]
fn loses_a_secret_that_it_has() {
    let removed = Event::ClientSecretRemoved { secret: secret(1) };
    let history = [registered(), with_secret(1, None)];
    given::<Client>(&history).when(Command::RemoveSecret(secret(1))).then_expect_events(vec![removed.clone()]);
    given::<Client>(&history).when(Command::RemoveSecret(secret(2))).then_expect_error(ClientError::UnknownSecret);
    given::<Client>(&[&history[..], &[removed]].concat())
        .when(Command::RemoveSecret(secret(1)))
        .then_expect_error(ClientError::UnknownSecret);
}

#[test]
fn an_expired_secret_can_be_removed() {
    given::<Client>(&[registered(), with_secret(1, Some(at("2020-01-01T00:00:00Z")))])
        .when(Command::RemoveSecret(secret(1)))
        .then_expect_events(vec![Event::ClientSecretRemoved { secret: secret(1) }]);
}

#[test]
fn changes_where_responses_may_go() {
    let other = "http://127.0.0.1:8080/callback";
    let changed = |from: &[&str], to: &[&str]| {
        let texts = |uris: &[&str]| uris.iter().map(ToString::to_string).collect();
        Event::ClientRedirectUrisChanged { redirect_uris: Change { from: texts(from), to: texts(to) } }
    };
    let added = changed(&[CALLBACK], &[CALLBACK, other]);
    given::<Client>(&[registered()]).when(redirect_to(&[CALLBACK, other])).then_expect_events(vec![added.clone()]);
    given::<Client>(&[registered()]).when(redirect_to(&[CALLBACK])).then_expect_events(vec![]);
    given::<Client>(&[registered(), added.clone()]).when(redirect_to(&[CALLBACK, other])).then_expect_events(vec![]);
    given::<Client>(&[registered(), added])
        .when(redirect_to(&[]))
        .then_expect_events(vec![changed(&[CALLBACK, other], &[])]);
}

#[test]
fn begins_active_and_is_switched() {
    let on = Event::ClientActivated {};
    let off = Event::ClientDeactivated {};
    given::<Client>(&[registered()]).when(Command::Activate).then_expect_events(vec![]);
    given::<Client>(&[registered()]).when(Command::Deactivate).then_expect_events(vec![off.clone()]);
    given::<Client>(&[registered(), off.clone()]).when(Command::Deactivate).then_expect_events(vec![]);
    given::<Client>(&[registered(), off.clone()]).when(Command::Activate).then_expect_events(vec![on.clone()]);
    given::<Client>(&[registered(), off.clone(), on]).when(Command::Deactivate).then_expect_events(vec![off]);
}

#[test]
fn is_deleted_whether_active_or_not() {
    given::<Client>(&[registered()]).when(Command::Delete).then_expect_events(vec![deleted()]);
    given::<Client>(&[registered(), Event::ClientDeactivated {}])
        .when(Command::Delete)
        .then_expect_events(vec![deleted()]);
}

#[test]
fn failed_authentications_are_recorded_as_a_count() {
    let failed = Event::AuthenticationFailed { cause: AuthenticationFailure::WrongSecret, count: 40, minute: at(NOW) };
    given::<Client>(&[registered()]).when(failures(40)).then_expect_events(vec![failed.clone()]);
    given::<Client>(&[registered()]).when(failures(0)).then_expect_events(vec![]);
    given::<Client>(&[registered(), failed.clone()]).when(failures(40)).then_expect_events(vec![failed]);
}

#[test]
fn its_events_are_about_itself_and_its_third_party() {
    let references = state::<Client>(&[registered()]).references(uuid(1));
    let expected = References { third_party: Some(uuid(5).into()), client: Some(uuid(1).into()), token: None };
    assert_eq!(references, expected);
    assert_eq!(state::<Client>(&[registered(), deleted()]).references(uuid(1)), expected);
}

#[test]
fn knows_its_own_events_only() {
    assert_eq!(Client::event(JournalEvent::from(registered())), Some(registered()));
    assert_eq!(Client::event(JournalEvent::from(TokenEvent::TokenRevoked {})), None);
}
