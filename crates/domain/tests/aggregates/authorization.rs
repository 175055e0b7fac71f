//! The authorization.

use countersign_domain::authorization::{CODE_LIFETIME, Grant, REFRESH_RETRY_WINDOW, code_challenge};
use countersign_domain::{
    Authorization, AuthorizationCommand as Command, AuthorizationError as Error, AuthorizationEvent as Event, Digest,
    JournaledAggregate, References,
};
use jiff::{SignedDuration, Timestamp};

use crate::support::{NOW, at, count_of, event_of, given, services, state, uuid};

const CALLBACK: &str = "https://client.example/callback";
/// The verifier and its challenge in RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn grant() -> Grant {
    Grant {
        client: uuid(6).into(),
        third_party: Some(uuid(5).into()),
        member: uuid(2).into(),
        scopes: vec!["read".into()],
        redirect_uri: CALLBACK.into(),
        redirect_uri_was_sent: true,
        code: Digest::of("code"),
        code_last_four: "code".into(),
        code_challenge: Some(CHALLENGE.into()),
    }
}

fn granted(grant: Grant) -> Event {
    Event::AuthorizationGranted { grant, code_expires_at: at(NOW) + CODE_LIFETIME }
}

fn redeem() -> Command {
    redeem_with(Some(CALLBACK), Some(VERIFIER))
}

fn redeem_with(redirect_uri: Option<&str>, code_verifier: Option<&str>) -> Command {
    Command::Redeem {
        client: uuid(6).into(),
        redirect_uri: redirect_uri.map(str::to_owned),
        code_verifier: code_verifier.map(str::to_owned),
        refresh: Some(Digest::of("first")),
    }
}

fn redeemed() -> Event {
    Event::CodeRedeemed { refresh: Some(Digest::of("first")) }
}

fn refresh(presented: &str, successor: &str) -> Command {
    Command::Refresh { client: uuid(6).into(), presented: Digest::of(presented), successor: Digest::of(successor) }
}

fn rotated(from: &str, to: &str, rotated_at: Timestamp) -> Event {
    Event::RefreshTokenRotated { from: Digest::of(from), to: Digest::of(to), rotated_at }
}

fn history(then: &[Event]) -> Vec<Event> {
    [&[granted(grant())], then].concat()
}

fn refused(history: &[Event], command: Command, error: Error) {
    given::<Authorization>(history).when(command).then_expect_error(error);
}

#[test]
fn a_code_lives_a_minute_from_the_grant() {
    given::<Authorization>(&[]).when(Command::Grant(grant())).then_expect_events(vec![granted(grant())]);
    assert_eq!(CODE_LIFETIME, SignedDuration::from_secs(60));
    refused(&history(&[]), Command::Grant(grant()), Error::Exists);
}

#[test]
fn nothing_happens_to_what_was_never_granted() {
    for command in [redeem(), refresh("first", "second"), Command::Revoke, Command::RecordReplay, Command::RecordReuse]
    {
        refused(&[], command, Error::Unknown);
    }
}

#[test]
fn the_right_request_redeems_the_code() {
    given::<Authorization>(&history(&[])).when(redeem()).then_expect_events(vec![redeemed()]);
}

#[test]
fn the_challenge_is_that_of_the_rfc() {
    assert_eq!(code_challenge(VERIFIER), CHALLENGE);
}

#[test]
fn a_code_is_refused_from_its_end_on() {
    let expiring = |at: Timestamp| [Event::AuthorizationGranted { grant: grant(), code_expires_at: at }];
    refused(&expiring(at(NOW)), redeem(), Error::CodeExpired);
    let later = at(NOW) + SignedDuration::from_micros(1);
    given::<Authorization>(&expiring(later)).when(redeem()).then_expect_events(vec![redeemed()]);
}

#[test]
fn a_code_is_bound_to_its_redirect_uri() {
    for other in [None, Some(""), Some("https://client.example/callback/"), Some("https://evil.example/")] {
        refused(&history(&[]), redeem_with(other, Some(VERIFIER)), Error::RedirectUriMismatch);
    }
    let not_sent = [granted(Grant { redirect_uri_was_sent: false, ..grant() })];
    for same in [None, Some(CALLBACK)] {
        let command = redeem_with(same, Some(VERIFIER));
        given::<Authorization>(&not_sent).when(command).then_expect_events(vec![redeemed()]);
    }
    refused(&not_sent, redeem_with(Some("https://evil.example/"), Some(VERIFIER)), Error::RedirectUriMismatch);
}

#[test]
fn a_code_is_bound_to_its_challenge() {
    let attempts = [
        (None, Error::MissingVerifier),
        (Some(""), Error::WrongVerifier),
        (Some("another verifier, of forty-three letters or so"), Error::WrongVerifier),
        // Method "plain" is not served: the challenge itself proves nothing.
        (Some(CHALLENGE), Error::WrongVerifier),
    ];
    for (verifier, error) in attempts {
        refused(&history(&[]), redeem_with(Some(CALLBACK), verifier), error);
    }
}

/// A verifier without a challenge shows that somebody took the challenge out of the request (RFC 9700 section 4.8.2).
#[test]
fn a_verifier_needs_a_challenge() {
    let without = [granted(Grant { code_challenge: None, ..grant() })];
    given::<Authorization>(&without).when(redeem_with(Some(CALLBACK), None)).then_expect_events(vec![redeemed()]);
    refused(&without, redeem(), Error::UnexpectedVerifier);
}

#[test]
fn another_client_neither_redeems_nor_ends_anything() {
    let mut command = redeem();
    if let Command::Redeem { client, .. } = &mut command {
        *client = uuid(7).into();
    }
    refused(&history(&[]), command.clone(), Error::OtherClient);
    // Not CodeReplayed: that would end what belongs to somebody else.
    refused(&history(&[redeemed()]), command, Error::OtherClient);
    let stranger =
        Command::Refresh { client: uuid(7).into(), presented: Digest::of("first"), successor: Digest::of("second") };
    refused(&history(&[redeemed()]), stranger, Error::OtherClient);
}

#[test]
fn a_code_is_redeemed_once_and_its_replay_ends_everything() {
    refused(&history(&[redeemed()]), redeem(), Error::CodeReplayed);
    given::<Authorization>(&history(&[redeemed()]))
        .when(Command::RecordReplay)
        .then_expect_events(vec![Event::CodeReplayed {}]);
    let replayed = history(&[redeemed(), Event::CodeReplayed {}]);
    refused(&replayed, redeem(), Error::CodeReplayed);
    refused(&replayed, refresh("first", "second"), Error::Revoked);
    assert_eq!(count_of::<Authorization>(&services(), &replayed, Command::RecordReplay), 0, "recorded once");
}

#[test]
fn a_refresh_token_is_replaced_by_its_successor() {
    given::<Authorization>(&history(&[redeemed()])).when(refresh("first", "second")).then_expect_events(vec![rotated(
        "first",
        "second",
        at(NOW),
    )]);
    let rotated_once = history(&[redeemed(), rotated("first", "second", at(NOW))]);
    let event = event_of::<Authorization>(&services(), &rotated_once, refresh("second", "third"));
    assert_eq!(event, rotated("second", "third", at(NOW)));
}

#[test]
fn a_lost_answer_is_asked_for_again_within_the_window() {
    let rotated_before = |ago: SignedDuration| history(&[redeemed(), rotated("first", "second", at(NOW) - ago)]);
    for ago in [SignedDuration::ZERO, REFRESH_RETRY_WINDOW] {
        assert_eq!(count_of::<Authorization>(&services(), &rotated_before(ago), refresh("first", "second")), 0);
    }
    let late = rotated_before(REFRESH_RETRY_WINDOW + SignedDuration::from_micros(1));
    refused(&late, refresh("first", "second"), Error::RefreshTokenReused);
}

#[test]
fn reuse_is_refused_and_ends_the_family() {
    let twice = history(&[redeemed(), rotated("first", "second", at(NOW)), rotated("second", "third", at(NOW))]);
    for presented in ["first", "never issued"] {
        refused(&twice, refresh(presented, "second"), Error::RefreshTokenReused);
    }
    given::<Authorization>(&twice).when(Command::RecordReuse).then_expect_events(vec![Event::RefreshTokenReused {}]);
    let ended = [twice, vec![Event::RefreshTokenReused {}]].concat();
    refused(&ended, refresh("third", "fourth"), Error::Revoked);
    assert_eq!(count_of::<Authorization>(&services(), &ended, Command::RecordReuse), 0, "recorded once");
}

#[test]
fn there_is_nothing_to_refresh_where_no_refresh_token_was_given() {
    refused(&history(&[]), refresh("first", "second"), Error::Unknown);
    refused(&history(&[Event::CodeRedeemed { refresh: None }]), refresh("first", "second"), Error::Unknown);
}

#[test]
fn revoking_ends_code_and_tokens_and_is_recorded_once() {
    let revoked = history(&[Event::AuthorizationRevoked {}]);
    given::<Authorization>(&history(&[]))
        .when(Command::Revoke)
        .then_expect_events(vec![Event::AuthorizationRevoked {}]);
    refused(&revoked, redeem(), Error::Revoked);
    assert_eq!(count_of::<Authorization>(&services(), &revoked, Command::Revoke), 0);
    let redeemed_first = history(&[redeemed(), Event::AuthorizationRevoked {}]);
    refused(&redeemed_first, refresh("first", "second"), Error::Revoked);
}

#[test]
fn its_events_are_found_by_client_and_third_party() {
    let references = state::<Authorization>(&history(&[])).references(uuid(9));
    let expected = References { third_party: Some(uuid(5).into()), client: Some(uuid(6).into()), token: None };
    assert_eq!(references, expected);
}
