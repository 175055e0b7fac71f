//! What all events share: their names, their JSON form, and how a change and an actor are written.

use countersign_domain::event::UnreadableEvent;
use countersign_domain::{
    Actor, Authorization, Change, Client, ClientError, ClientEvent, Consent, DomainError, JournalEvent, Member,
    MemberError, Organization, OrganizationEvent, ThirdParty, Token, TokenError, TokenEvent,
};
use cqrs_es::{Aggregate, DomainEvent};
use serde_json::json;
use uuid::Uuid;

#[test]
fn streams_are_named_after_their_aggregates() {
    assert_eq!(
        JournalEvent::STREAM_TYPES,
        [
            Organization::TYPE,
            Member::TYPE,
            ThirdParty::TYPE,
            Client::TYPE,
            Token::TYPE,
            Authorization::TYPE,
            Consent::TYPE
        ]
    );
    assert_eq!(JournalEvent::from(TokenEvent::TokenRevoked {}).stream_type(), "token");
    assert_eq!(JournalEvent::from(ClientEvent::ClientActivated {}).stream_type(), "client");
}

#[test]
fn an_event_is_its_type_and_its_payload() {
    let event = OrganizationEvent::OrganizationRenamed { name: Change { from: "A".into(), to: "B".into() } };
    let expected = json!({"type": "OrganizationRenamed", "payload": {"name": {"from": "A", "to": "B"}}});
    assert_eq!(JournalEvent::from(event).to_json().unwrap(), expected);
    let without_payload = JournalEvent::from(TokenEvent::TokenRevoked {}).to_json().unwrap();
    assert_eq!(without_payload, json!({"type": "TokenRevoked", "payload": {}}));
}

#[test]
fn type_and_version_are_known_without_the_json() {
    let event = JournalEvent::from(TokenEvent::TokenRevoked {});
    assert_eq!(event.event_type(), "TokenRevoked");
    assert_eq!(event.event_version(), 1);
    assert_eq!(TokenEvent::TokenRevoked {}.event_version(), "1");
}

#[test]
fn an_event_of_another_stream_is_not_read() {
    let json = JournalEvent::from(TokenEvent::TokenRevoked {}).to_json().unwrap();
    for stream_type in ["client", "organization", "member", "third_party"] {
        let read = JournalEvent::from_json(stream_type, json.clone());
        assert!(matches!(read, Err(UnreadableEvent::Shape(_))), "{stream_type}: {read:?}");
    }
    for stream_type in ["", "Token", "tokens", "license"] {
        let read = JournalEvent::from_json(stream_type, json.clone());
        let Err(UnreadableEvent::StreamType(named)) = &read else { panic!("{stream_type}: {read:?}") };
        assert_eq!(named, stream_type);
    }
}

#[test]
fn an_incomplete_or_unknown_event_is_not_read() {
    for json in [
        json!({"type": "TokenLost", "payload": {}}),
        json!({"type": "TokenIssued", "payload": {}}),
        json!({"type": "TokenRevoked"}),
        json!({"payload": {}}),
        json!("TokenRevoked"),
        json!(null),
    ] {
        let read = JournalEvent::from_json("token", json.clone());
        assert!(matches!(read, Err(UnreadableEvent::Shape(_))), "{json}: {read:?}");
    }
}

#[test]
fn a_change_is_a_difference() {
    assert_eq!(Change::between(&1, 1), None);
    assert_eq!(Change::between(&1, 2), Some(Change { from: 1, to: 2 }));
    assert_eq!(Change::between(&None, Some("a")), Some(Change { from: None, to: Some("a") }));
}

#[test]
fn a_refusal_says_the_same_whoever_passes_it_on() {
    assert_eq!(DomainError::from(TokenError::Unknown).to_string(), TokenError::Unknown.to_string());
    assert_eq!(DomainError::from(ClientError::Deleted).to_string(), ClientError::Deleted.to_string());
    assert_eq!(DomainError::from(MemberError::Inactive), DomainError::Member(MemberError::Inactive));
}

#[test]
fn an_actor_is_written_as_kind_and_identifier() {
    let id = Uuid::from_u128(1);
    let text = "00000000-0000-0000-0000-000000000001";
    for (actor, json, shown) in [
        (Actor::Member(id.into()), json!({"kind": "member", "id": text}), format!("member {text}")),
        (Actor::Client(id.into()), json!({"kind": "client", "id": text}), format!("client {text}")),
        (Actor::System, json!({"kind": "system"}), "system".to_owned()),
        (Actor::Operator, json!({"kind": "operator"}), "operator".to_owned()),
        (Actor::OperatorMember(id.into()), json!({"kind": "operator", "id": text}), format!("operator {text}")),
    ] {
        assert_eq!(serde_json::to_value(actor).unwrap(), json);
        assert_eq!(serde_json::from_value::<Actor>(json.clone()).unwrap(), actor);
        assert_eq!(actor.to_string(), shown);
        assert_eq!(json["kind"], actor.kind());
        assert_eq!(json.get("id").is_some(), actor.id().is_some());
    }
    for json in [json!({"kind": "member"}), json!({"kind": "system", "id": text}), json!({"kind": "root"})] {
        assert!(serde_json::from_value::<Actor>(json.clone()).is_err(), "{json}");
    }
}
