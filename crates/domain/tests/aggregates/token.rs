//! The token.

use countersign_domain::token::{TokenKind, TokenStatus};
use countersign_domain::{
    Digest, JournalEvent, JournaledAggregate, MemberEvent, References, Secret, SecretKind, Token,
    TokenCommand as Command, TokenError, TokenEvent as Event,
};
use jiff::{SignedDuration, Timestamp};

use crate::support::{NOW, at, event_of, given, json, services, state, uuid};

/// Six calendar months after [`NOW`].
const IN_SIX_MONTHS: &str = "2026-09-14T09:26:53.589793Z";

fn issued(expires_at: Timestamp) -> Event {
    Event::TokenIssued {
        kind: TokenKind::Manual,
        third_party: Some(uuid(5).into()),
        client: Some(uuid(6).into()),
        digest: Digest::of("token"),
        last_four: "oken".into(),
        scopes: vec!["read".into(), "write".into()],
        issued_at: at(NOW),
        expires_at: Some(expires_at),
        authorization: None,
    }
}

fn issue(expires_at: Option<Timestamp>, maximum_months: u16) -> Command {
    Command::IssueManual {
        third_party: uuid(5).into(),
        client: uuid(6).into(),
        digest: Digest::of("token"),
        last_four: "oken".into(),
        scopes: vec!["read".parse().unwrap(), "write".parse().unwrap()],
        expires_at,
        default_months: 6,
        maximum_months,
    }
}

fn history(then: &[Event]) -> Vec<Event> {
    [&[issued(at(IN_SIX_MONTHS))], then].concat()
}

const MICROSECOND: SignedDuration = SignedDuration::from_micros(1);

fn issue_access(third_party: Option<u128>) -> Command {
    Command::IssueAccess {
        third_party: third_party.map(|number| uuid(number).into()),
        client: uuid(6).into(),
        digest: Digest::of("access token"),
        last_four: "oken".into(),
        scopes: vec!["read".into()],
        lifetime: Some(SignedDuration::from_secs(3600)),
        authorization: None,
    }
}

#[test]
fn an_access_token_expires_after_its_lifetime() {
    for third_party in [None, Some(5)] {
        given::<Token>(&[]).when(issue_access(third_party)).then_expect_events(vec![Event::TokenIssued {
            kind: TokenKind::Access,
            third_party: third_party.map(|number| uuid(number).into()),
            client: Some(uuid(6).into()),
            digest: Digest::of("access token"),
            last_four: "oken".into(),
            scopes: vec!["read".into()],
            issued_at: at(NOW),
            expires_at: Some(at(NOW) + SignedDuration::from_hours(1)),
            authorization: None,
        }]);
    }
    given::<Token>(&history(&[])).when(issue_access(None)).then_expect_error(TokenError::Exists);
}

#[test]
fn an_access_token_may_be_without_end_and_knows_its_authorization() {
    let Command::IssueAccess { third_party, client, digest, last_four, scopes, .. } = issue_access(Some(5)) else {
        unreachable!()
    };
    let authorization = Some(uuid(7).into());
    given::<Token>(&[])
        .when(Command::IssueAccess {
            third_party,
            client,
            digest,
            last_four: last_four.clone(),
            scopes: scopes.clone(),
            lifetime: None,
            authorization,
        })
        .then_expect_events(vec![Event::TokenIssued {
            kind: TokenKind::Access,
            third_party,
            client: Some(client),
            digest,
            last_four,
            scopes,
            issued_at: at(NOW),
            expires_at: None,
            authorization,
        }]);
}

#[test]
fn expires_after_six_calendar_months_by_default() {
    given::<Token>(&[]).when(issue(None, 24)).then_expect_events(vec![issued(at(IN_SIX_MONTHS))]);
    given::<Token>(&[]).when(issue(None, 6)).then_expect_events(vec![issued(at(IN_SIX_MONTHS))]);
}

#[test]
fn the_default_stays_within_a_shorter_limit() {
    given::<Token>(&[]).when(issue(None, 5)).then_expect_events(vec![issued(at("2026-08-14T09:26:53.589793Z"))]);
    given::<Token>(&[]).when(issue(None, 1)).then_expect_events(vec![issued(at("2026-04-14T09:26:53.589793Z"))]);
}

#[test]
fn expires_when_chosen_up_to_the_limit() {
    let limit = at("2028-03-14T09:26:53.589793Z");
    for chosen in [at(NOW) + MICROSECOND, at("2026-03-15T00:00:00Z"), limit] {
        given::<Token>(&[]).when(issue(Some(chosen), 24)).then_expect_events(vec![issued(chosen)]);
    }
    given::<Token>(&[])
        .when(issue(Some(limit + MICROSECOND), 24))
        .then_expect_error(TokenError::ExpiryTooLate { months: 24 });
    given::<Token>(&[])
        .when(issue(Some(Timestamp::MAX), 120))
        .then_expect_error(TokenError::ExpiryTooLate { months: 120 });
}

#[test]
fn never_expires_before_it_begins() {
    for chosen in [at(NOW), at(NOW) - MICROSECOND, at("2020-01-01T00:00:00Z"), Timestamp::MIN] {
        given::<Token>(&[]).when(issue(Some(chosen), 24)).then_expect_error(TokenError::ExpiryInThePast);
    }
}

/// A limit of no months is a programming error elsewhere, but must not issue tokens that are born expired.
#[test]
fn a_limit_of_no_months_issues_nothing() {
    given::<Token>(&[]).when(issue(None, 0)).then_expect_error(TokenError::ExpiryInThePast);
    given::<Token>(&[])
        .when(issue(Some(at(NOW) + MICROSECOND), 0))
        .then_expect_error(TokenError::ExpiryTooLate { months: 0 });
}

#[test]
fn a_long_limit_leaves_the_default_as_it_is() {
    given::<Token>(&[]).when(issue(None, u16::MAX)).then_expect_events(vec![issued(at(IN_SIX_MONTHS))]);
}

#[test]
fn the_record_holds_the_digest_and_never_the_token() {
    let services = services();
    let clear = Secret::generate(SecretKind::ManualToken, services.as_ref());
    let command = Command::IssueManual {
        third_party: uuid(5).into(),
        client: uuid(6).into(),
        digest: clear.digest(),
        last_four: clear.last_four(),
        scopes: vec![],
        expires_at: None,
        default_months: 6,
        maximum_months: 24,
    };
    let json = json(event_of::<Token>(&services, &[], command));
    assert!(json.contains(&format!("{:?}", clear.digest())), "{json}");
    assert!(!json.contains(clear.expose()) && !json.contains("cs_mt_"), "{json}");
}

#[test]
fn is_issued_once() {
    given::<Token>(&history(&[])).when(issue(None, 24)).then_expect_error(TokenError::Exists);
    given::<Token>(&history(&[Event::TokenRevoked {}])).when(issue(None, 24)).then_expect_error(TokenError::Exists);
}

#[test]
fn must_exist_for_everything_else() {
    for command in [Command::Activate, Command::Deactivate, Command::Revoke] {
        given::<Token>(&[]).when(command).then_expect_error(TokenError::Unknown);
    }
}

#[test]
fn begins_active_and_is_switched() {
    let on = Event::TokenActivated {};
    let off = Event::TokenDeactivated {};
    given::<Token>(&history(&[])).when(Command::Activate).then_expect_events(vec![]);
    given::<Token>(&history(&[])).when(Command::Deactivate).then_expect_events(vec![off.clone()]);
    given::<Token>(&history(std::slice::from_ref(&off))).when(Command::Deactivate).then_expect_events(vec![]);
    given::<Token>(&history(std::slice::from_ref(&off))).when(Command::Activate).then_expect_events(vec![on.clone()]);
    given::<Token>(&history(&[off.clone(), on])).when(Command::Deactivate).then_expect_events(vec![off]);
}

#[test]
fn is_revoked_whether_active_or_not() {
    let revoked = vec![Event::TokenRevoked {}];
    given::<Token>(&history(&[])).when(Command::Revoke).then_expect_events(revoked.clone());
    given::<Token>(&history(&[Event::TokenDeactivated {}])).when(Command::Revoke).then_expect_events(revoked);
}

#[test]
fn stays_revoked() {
    let revoked = history(&[Event::TokenRevoked {}]);
    given::<Token>(&revoked).when(Command::Activate).then_expect_error(TokenError::Revoked);
    given::<Token>(&revoked).when(Command::Deactivate).then_expect_events(vec![]);
    given::<Token>(&revoked).when(Command::Revoke).then_expect_events(vec![]);
    let inactive = history(&[Event::TokenDeactivated {}, Event::TokenRevoked {}]);
    given::<Token>(&inactive).when(Command::Activate).then_expect_error(TokenError::Revoked);
}

/// Whether it works is judged when it is used; switching an expired one on is harmless and keeps the two apart.
#[test]
fn is_switched_on_even_when_expired() {
    let expired = [issued(at("2020-01-01T00:00:00Z")), Event::TokenDeactivated {}];
    given::<Token>(&expired).when(Command::Activate).then_expect_events(vec![Event::TokenActivated {}]);
}

#[test]
fn its_events_are_about_all_it_was_issued_for() {
    let expected =
        References { third_party: Some(uuid(5).into()), client: Some(uuid(6).into()), token: Some(uuid(1).into()) };
    assert_eq!(state::<Token>(&history(&[])).references(uuid(1)), expected);
    assert_eq!(state::<Token>(&history(&[Event::TokenRevoked {}])).references(uuid(1)), expected);
}

#[test]
fn knows_its_own_events_only() {
    assert_eq!(Token::event(JournalEvent::from(Event::TokenRevoked {})), Some(Event::TokenRevoked {}));
    assert_eq!(Token::event(JournalEvent::from(MemberEvent::MemberDeactivated {})), None);
}

#[test]
fn statuses_and_kinds_are_stored_as_they_are_named() {
    let named =
        [(TokenStatus::Active, "active"), (TokenStatus::Inactive, "inactive"), (TokenStatus::Revoked, "revoked")];
    for (status, name) in named {
        assert_eq!(status.as_str(), name);
        assert_eq!(TokenStatus::from_text(name), Some(status));
        assert_eq!(serde_json::to_value(status).unwrap(), name);
    }
    assert_eq!(TokenStatus::from_text("Active"), None);
    assert_eq!(TokenKind::Manual.as_str(), "manual");
    assert_eq!(TokenKind::from_text("access"), Some(TokenKind::Access));
    assert_eq!(serde_json::to_value(TokenKind::Manual).unwrap(), "manual");
}
