//! The stored shape of every event. What is in the journal stays there for years, so a shape never changes by accident:
//! each event type and version has a file in `golden/`, compared byte for byte.
//!
//! A new event type: add a sample below, run `UPDATE_GOLDEN=1 cargo test -p countersign-domain --test golden`, and
//! review the files that this writes. It never overwrites a file whose contents differ: a shape that has been released
//! gets a new version and an upcaster; one that has not is regenerated after deleting its file.
//!
//! Files are named `<EventType>.v<version>.json`, or `<EventType>.v<version>.<what is special>.json` for a second sample.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a failing test panics")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Once;

use countersign_domain::authorization::Grant;
use countersign_domain::client::{AuthenticationFailure, ClientType, SecretProof};
use countersign_domain::member::{SignInFailure, SignInMethod};
use countersign_domain::organization::ExportFormat;
use countersign_domain::third_party::Mode;
use countersign_domain::token::TokenKind;
use countersign_domain::{
    AuthorizationEvent, Change, ClientEvent, ClientSettings, ConsentEvent, Digest, GrantType, JournalEvent,
    MemberEvent, OrganizationEvent, Personal, Role, ThirdPartyEvent, TokenEvent,
};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

struct Sample {
    event: JournalEvent,
    /// What is special about it, when it is not the first of its type.
    special: Option<&'static str>,
}

impl Sample {
    fn file_name(&self) -> String {
        let special = self.special.map(|special| format!(".{special}")).unwrap_or_default();
        format!("{}.v{}{special}.json", self.event.event_type(), self.event.event_version())
    }

    /// Not by [`JournalEvent::to_json`]: the order of the fields is a part of what is compared.
    fn text(&self) -> String {
        fn pretty(event: &impl Serialize) -> String {
            serde_json::to_string_pretty(event).unwrap() + "\n"
        }
        match &self.event {
            JournalEvent::Organization(event) => pretty(event),
            JournalEvent::Member(event) => pretty(event),
            JournalEvent::ThirdParty(event) => pretty(event),
            JournalEvent::Client(event) => pretty(event),
            JournalEvent::Token(event) => pretty(event),
            JournalEvent::Authorization(event) => pretty(event),
            JournalEvent::Consent(event) => pretty(event),
        }
    }
}

fn sample(event: impl Into<JournalEvent>) -> Sample {
    Sample { event: event.into(), special: None }
}

fn special(special: &'static str, event: impl Into<JournalEvent>) -> Sample {
    Sample { event: event.into(), special: Some(special) }
}

fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(0x0195_94a7_0000_7000_8000_0000_0000_0000 + number).into()
}

fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

fn personal(number: u128) -> Personal {
    let commitments = [
        "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0",
        "Y34zmIo0QLLOtdMpXGwjBgLvr17yEhhYT0FGofR-aIE",
        "8VHiz7qTXavxvpiTYDCSr_shkUO6qRcVXjkhEnt1os4",
    ];
    let index = usize::try_from(number).unwrap() % commitments.len();
    Personal { subject: id(0x500 + number), sha256: commitments[index].to_owned() }
}

fn change<T>(from: T, to: T) -> Change<T> {
    Change { from, to }
}

fn organization() -> Vec<Sample> {
    use OrganizationEvent as Event;
    vec![
        sample(Event::OrganizationCreated { slug: "acme".into(), name: "Acme Ltd".into(), maximum_token_months: 24 }),
        sample(Event::OrganizationRenamed { name: change("Acme Ltd".into(), "Acmé \"Größe\" Ltd".into()) }),
        sample(Event::OrganizationSuspended {}),
        sample(Event::OrganizationResumed {}),
        sample(Event::TokenLifetimeLimited { months: change(24, 12) }),
        sample(Event::HostNameChanged { host: change(None, Some("access.acme.example".into())) }),
        sample(Event::DefaultTokenLifetimeChanged { months: change(6, 3) }),
        sample(Event::AccessTokenLifetimeLimited { seconds: change(None, Some(7200)) }),
        special("none", Event::AccessTokenLifetimeLimited { seconds: change(Some(7200), None) }),
        sample(Event::DefaultAccessTokenLifetimeChanged { seconds: change(3600, 900) }),
        sample(Event::SignInCodesRequired {}),
        sample(Event::SignInCodesMadeOptional {}),
        sample(Event::AuditExported {
            job: id(9),
            format: ExportFormat::Csv,
            filters: vec!["actor".into(), "from".into()],
            up_to: 1204,
        }),
    ]
}

fn member() -> Vec<Sample> {
    use MemberEvent as Event;
    let signed_in = |method| Event::MemberSignedIn { session: id(2), method };
    vec![
        sample(Event::MemberAdded { email: personal(0), name: personal(1), role: Role::Owner }),
        sample(Event::MemberRenamed { name: change(Some(personal(1)), Some(personal(2))) }),
        sample(Event::MemberRoleChanged { role: change(Role::Developer, Role::Admin) }),
        special("auditor", Event::MemberRoleChanged { role: change(Role::Owner, Role::Auditor) }),
        sample(Event::MemberPasswordSet { verifier: id(1) }),
        sample(Event::MemberTotpEnabled {}),
        sample(Event::MemberTotpDisabled {}),
        sample(Event::MemberRecoveryCodesReplaced {}),
        sample(Event::MemberDeactivated {}),
        sample(Event::MemberReactivated {}),
        sample(Event::MemberSignInLinkCreated { expires_at: at("2026-03-15T09:26:53Z") }),
        sample(Event::MemberSignedIn { session: id(2), method: SignInMethod::Password }),
        special("link", Event::MemberSignedIn { session: id(2), method: SignInMethod::Link }),
        special("password_and_code", signed_in(SignInMethod::PasswordAndCode)),
        special("password_and_recovery_code", signed_in(SignInMethod::PasswordAndRecoveryCode)),
        special("link_and_code", signed_in(SignInMethod::LinkAndCode)),
        special("link_and_recovery_code", signed_in(SignInMethod::LinkAndRecoveryCode)),
        sample(Event::MemberSessionEnded { session: id(2) }),
        sample(Event::MemberSignInFailed {
            cause: SignInFailure::WrongPassword,
            count: 17,
            minute: at("2026-03-14T09:26:00Z"),
        }),
        special(
            "wrong_code",
            Event::MemberSignInFailed { cause: SignInFailure::WrongCode, count: 2, minute: at("2026-03-14T09:26:00Z") },
        ),
    ]
}

fn third_party() -> Vec<Sample> {
    use ThirdPartyEvent as Event;
    vec![
        sample(Event::ThirdPartyAdded {
            name: "Partner GmbH".into(),
            contact_name: Some(personal(0)),
            contact_email: Some(personal(1)),
            requirements: Some(personal(2)),
            mode: Mode::Manual,
        }),
        special(
            "name_alone",
            Event::ThirdPartyAdded {
                name: "شريك".into(),
                contact_name: None,
                contact_email: None,
                requirements: None,
                mode: Mode::Automatic,
            },
        ),
        sample(Event::ThirdPartyRenamed { name: change("Partner GmbH".into(), "Partner AG".into()) }),
        sample(Event::ThirdPartyContactChanged {
            contact_name: change(Some(personal(0)), None),
            contact_email: change(Some(personal(1)), Some(personal(2))),
        }),
        sample(Event::ThirdPartyRequirementsChanged { requirements: change(None, Some(personal(2))) }),
        sample(Event::ThirdPartyModeChanged { mode: change(Mode::Manual, Mode::Automatic) }),
        sample(Event::ThirdPartyEnabled {}),
        sample(Event::ThirdPartyDisabled {}),
        sample(Event::ThirdPartyDeleted { name: "Partner AG".into() }),
    ]
}

fn client() -> Vec<Sample> {
    use ClientEvent as Event;
    vec![
        sample(Event::ClientRegistered {
            identifier: "cs_ci_000102030405060708090a0b".into(),
            client_type: ClientType::Confidential,
            third_party: Some(id(3)),
            scopes: vec!["read".into(), "write".into()],
            redirect_uris: vec!["https://partner.example/callback".into(), "http://127.0.0.1:8080/callback".into()],
        }),
        special(
            "identifier_alone",
            Event::ClientRegistered {
                identifier: "partner".into(),
                client_type: ClientType::Public,
                third_party: None,
                scopes: vec![],
                redirect_uris: vec![],
            },
        ),
        sample(Event::ClientSecretAdded {
            secret: id(4),
            proof: SecretProof::Generated { digest: Digest::of("secret"), last_four: "3uxd".into() },
            expires_at: Some(at("2027-03-14T09:26:53.589793Z")),
        }),
        special(
            "chosen",
            Event::ClientSecretAdded {
                secret: id(4),
                proof: SecretProof::Chosen { verifier: id(1) },
                expires_at: None,
            },
        ),
        sample(Event::ClientSecretRemoved { secret: id(4) }),
        sample(Event::ClientRedirectUrisChanged {
            redirect_uris: change(
                vec!["https://partner.example/callback".into()],
                vec!["com.example.app:/callback?a=1&b=%C3%A9".into()],
            ),
        }),
        sample(Event::ClientSettingsChanged {
            settings: change(
                ClientSettings::initial(ClientType::Confidential, vec!["read".into(), "write".into()]),
                ClientSettings {
                    scopes: Vec::new(),
                    grant_types: vec![GrantType::ClientCredentials],
                    pkce_required: false,
                    access_token_lifetime: Some(86_400),
                    may_introspect: true,
                    api_access: false,
                },
            ),
        }),
        special(
            "api_key",
            Event::ClientSettingsChanged {
                settings: change(
                    ClientSettings::initial(ClientType::Confidential, vec!["audit:read".into()]),
                    ClientSettings {
                        scopes: vec!["audit:read".into(), "members:manage".into()],
                        grant_types: vec![GrantType::ClientCredentials],
                        pkce_required: true,
                        access_token_lifetime: None,
                        may_introspect: false,
                        api_access: true,
                    },
                ),
            },
        ),
        sample(Event::ClientSecretLimited {
            secret: id(4),
            expires_at: change(None, Some(at("2027-03-14T09:26:53.589793Z"))),
        }),
        sample(Event::ClientActivated {}),
        sample(Event::ClientDeactivated {}),
        sample(Event::ClientDeleted { identifier: "cs_ci_000102030405060708090a0b".into() }),
        sample(Event::AuthenticationFailed {
            cause: AuthenticationFailure::WrongSecret,
            count: 4_294_967_295,
            minute: at("2026-03-14T09:26:00Z"),
        }),
        special(
            "held-back",
            Event::AuthenticationFailed {
                cause: AuthenticationFailure::HeldBack,
                count: 1,
                minute: at("2026-03-14T09:26:00Z"),
            },
        ),
    ]
}

fn token() -> Vec<Sample> {
    use TokenEvent as Event;
    vec![
        sample(Event::TokenIssued {
            kind: TokenKind::Manual,
            third_party: Some(id(3)),
            client: Some(id(5)),
            digest: Digest::of("token"),
            last_four: "uxdD".into(),
            scopes: vec!["read".into()],
            issued_at: at("2026-03-14T09:26:53.589793Z"),
            expires_at: Some(at("2026-09-14T09:26:53.589793Z")),
            authorization: None,
        }),
        special(
            "without_end",
            Event::TokenIssued {
                kind: TokenKind::Manual,
                third_party: None,
                client: None,
                digest: Digest([0xFF; 32]),
                last_four: "0000".into(),
                scopes: vec![],
                issued_at: at("2026-03-14T09:26:53Z"),
                expires_at: None,
                authorization: None,
            },
        ),
        special(
            "access",
            Event::TokenIssued {
                kind: TokenKind::Access,
                third_party: None,
                client: Some(id(5)),
                digest: Digest::of("access token"),
                last_four: "a9F2".into(),
                scopes: vec!["records:read".into(), "records:write".into()],
                issued_at: at("2026-03-14T09:26:53.589793Z"),
                expires_at: Some(at("2026-03-14T10:26:53.589793Z")),
                authorization: None,
            },
        ),
        special(
            "of_an_authorization",
            Event::TokenIssued {
                kind: TokenKind::Access,
                third_party: Some(id(3)),
                client: Some(id(5)),
                digest: Digest::of("access token"),
                last_four: "a9F2".into(),
                scopes: vec!["records:read".into()],
                issued_at: at("2026-03-14T09:26:53.589793Z"),
                expires_at: None,
                authorization: Some(id(7)),
            },
        ),
        sample(Event::TokenActivated {}),
        sample(Event::TokenDeactivated {}),
        sample(Event::TokenRevoked {}),
    ]
}

fn authorization() -> Vec<Sample> {
    use AuthorizationEvent as Event;
    let grant = Grant {
        client: id(5),
        third_party: Some(id(3)),
        member: id(2),
        scopes: vec!["records:read".into(), "records:write".into()],
        redirect_uri: "https://client.example/callback".into(),
        redirect_uri_was_sent: true,
        code: Digest::of("code"),
        code_last_four: "a9F2".into(),
        code_challenge: Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into()),
    };
    let without_challenge =
        Grant { third_party: None, redirect_uri_was_sent: false, code_challenge: None, ..grant.clone() };
    let code_expires_at = at("2026-03-14T09:27:53.589793Z");
    vec![
        sample(Event::AuthorizationGranted { grant, code_expires_at }),
        special("without_challenge", Event::AuthorizationGranted { grant: without_challenge, code_expires_at }),
        sample(Event::CodeRedeemed { refresh: Some(Digest::of("refresh token")) }),
        special("without_refresh", Event::CodeRedeemed { refresh: None }),
        sample(Event::CodeReplayed {}),
        sample(Event::RefreshTokenRotated {
            from: Digest::of("refresh token"),
            to: Digest::of("its successor"),
            rotated_at: at("2026-03-14T10:26:53.589793Z"),
        }),
        sample(Event::RefreshTokenReused {}),
        sample(Event::AuthorizationRevoked {}),
    ]
}

fn consent() -> Vec<Sample> {
    use ConsentEvent as Event;
    vec![
        sample(Event::ConsentGiven {
            member: id(2),
            client: id(5),
            third_party: Some(id(3)),
            scopes: vec!["records:read".into(), "records:write".into()],
        }),
        special(
            "without_scopes",
            Event::ConsentGiven { member: id(2), client: id(5), third_party: None, scopes: Vec::new() },
        ),
        sample(Event::ConsentWithdrawn {}),
    ]
}

fn samples() -> Vec<Sample> {
    [organization(), member(), third_party(), client(), token(), authorization(), consent()]
        .into_iter()
        .flatten()
        .collect()
}

/// Every event type there is, with the type of its stream.
fn all_types() -> BTreeSet<(&'static str, &'static str)> {
    let types: [(&str, &[&str]); 7] = [
        ("organization", OrganizationEvent::TYPES),
        ("member", MemberEvent::TYPES),
        ("third_party", ThirdPartyEvent::TYPES),
        ("client", ClientEvent::TYPES),
        ("token", TokenEvent::TYPES),
        ("authorization", AuthorizationEvent::TYPES),
        ("consent", ConsentEvent::TYPES),
    ];
    assert_eq!(types.map(|(stream_type, _)| stream_type), JournalEvent::STREAM_TYPES, "an aggregate without samples");
    types.iter().flat_map(|(stream, types)| types.iter().map(move |event_type| (*stream, *event_type))).collect()
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Writes the files that are missing, if asked to, and once before any test reads them.
fn update_if_asked() {
    static UPDATE: Once = Once::new();
    UPDATE.call_once(|| {
        if std::env::var_os("UPDATE_GOLDEN").is_none_or(|value| value != "1") {
            return;
        }
        std::fs::create_dir_all(directory()).unwrap();
        for sample in samples() {
            let path = directory().join(sample.file_name());
            if !path.exists() {
                std::fs::write(path, sample.text()).unwrap();
            }
        }
    });
}

fn golden(sample: &Sample) -> String {
    update_if_asked();
    let path = directory().join(sample.file_name());
    std::fs::read_to_string(&path)
        .unwrap_or_else(|problem| panic!("{}: {problem}; see the top of this test", path.display()))
}

#[test]
fn every_event_type_has_a_sample() {
    let samples = samples();
    let sampled = samples.iter().filter(|sample| sample.special.is_none());
    let sampled: Vec<(&str, String)> =
        sampled.map(|sample| (sample.event.stream_type(), sample.event.event_type())).collect();
    let distinct: BTreeSet<(&str, &str)> = sampled.iter().map(|(stream, name)| (*stream, name.as_str())).collect();
    assert_eq!(distinct, all_types());
    assert_eq!(sampled.len(), distinct.len(), "a second sample says what is special about it");
}

/// Event types are found by their name alone: in filters, exports and the auditor's timeline.
#[test]
fn event_types_are_named_apart_across_streams() {
    let all = all_types();
    let names: BTreeSet<&str> = all.iter().map(|(_, name)| *name).collect();
    assert_eq!(names.len(), all.len());
}

#[test]
fn every_event_is_written_as_in_its_file() {
    for sample in samples() {
        assert_eq!(sample.text(), golden(&sample), "{}: the stored shape changed", sample.file_name());
    }
}

#[test]
fn every_file_is_read_as_its_event() {
    for sample in samples() {
        let json = serde_json::from_str(&golden(&sample)).unwrap();
        let read = JournalEvent::from_json(sample.event.stream_type(), json).unwrap();
        assert_eq!(read, sample.event, "{}", sample.file_name());
    }
}

#[test]
fn every_file_belongs_to_an_event() {
    update_if_asked();
    let expected: BTreeSet<String> = samples().iter().map(Sample::file_name).collect();
    let found: BTreeSet<String> = std::fs::read_dir(directory())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let strays: Vec<&String> = found.difference(&expected).collect();
    assert!(strays.is_empty(), "no event is written like this: {strays:?}");
}
