//! The consent.

use countersign_domain::{
    Consent, ConsentCommand as Command, ConsentError as Error, ConsentEvent as Event, ConsentId, JournaledAggregate,
    References,
};

use crate::support::{given, state, uuid};

fn give(scopes: &[&str]) -> Command {
    Command::Give {
        member: uuid(2).into(),
        client: uuid(6).into(),
        third_party: Some(uuid(5).into()),
        scopes: scopes.iter().map(ToString::to_string).collect(),
    }
}

fn given_before(scopes: &[&str]) -> Event {
    Event::ConsentGiven {
        member: uuid(2).into(),
        client: uuid(6).into(),
        third_party: Some(uuid(5).into()),
        scopes: scopes.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn scopes_add_up_and_nothing_new_is_no_event() {
    given::<Consent>(&[])
        .when(give(&["write", "read", "read"]))
        .then_expect_events(vec![given_before(&["read", "write"])]);
    let history = [given_before(&["read"])];
    given::<Consent>(&history).when(give(&["write"])).then_expect_events(vec![given_before(&["read", "write"])]);
    given::<Consent>(&history).when(give(&["read"])).then_expect_events(vec![]);
    given::<Consent>(&history).when(give(&[])).then_expect_events(vec![]);
}

#[test]
fn a_consent_to_no_scope_at_all_is_one() {
    given::<Consent>(&[]).when(give(&[])).then_expect_events(vec![given_before(&[])]);
}

#[test]
fn a_withdrawn_consent_begins_anew() {
    let history = [given_before(&["read"])];
    given::<Consent>(&history).when(Command::Withdraw).then_expect_events(vec![Event::ConsentWithdrawn {}]);
    let history = [given_before(&["read"]), Event::ConsentWithdrawn {}];
    given::<Consent>(&history).when(give(&["write"])).then_expect_events(vec![given_before(&["write"])]);
    given::<Consent>(&history).when(Command::Withdraw).then_expect_error(Error::Unknown);
    given::<Consent>(&[]).when(Command::Withdraw).then_expect_error(Error::Unknown);
}

#[test]
fn each_member_and_client_have_one_stream() {
    let of = |member, client| ConsentId::of(uuid(member).into(), uuid(client).into());
    assert_eq!(of(1, 2), of(1, 2));
    assert_ne!(of(1, 2), of(2, 1));
    assert_ne!(of(1, 2), of(1, 3));
}

#[test]
fn refers_to_the_client_and_its_third_party() {
    let consent = state::<Consent>(&[given_before(&[])]);
    let expected = References { third_party: Some(uuid(5).into()), client: Some(uuid(6).into()), token: None };
    assert_eq!(consent.references(uuid(9)), expected);
}
