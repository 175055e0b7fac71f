//! The record's exact bytes: what is written here must never change.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use countersign_ledger::record::{MAXIMUM_LENGTH, MAXIMUM_TAIL_LENGTH, Record, RecordError, RecordTail, assemble};
use countersign_ledger::{Disclosure, LeafHash};
use uuid::Uuid;

const TAIL: &str = r#"{"actor":{"kind":"member","id":"01890000-0000-7000-8000-000000000002"},"via":"web","request":"01890000-0000-7000-8000-000000000003","source":{"subject":"01890000-0000-7000-8000-000000000002","sha256":"uutlBuYeMDyjLLTpf6Jxi7yNkEF35jdyWMn9U7b_RYY"},"reason":null,"stream":{"type":"third_party","id":"01890000-0000-7000-8000-000000000004","version":2},"third_party":"01890000-0000-7000-8000-000000000004","client":null,"token":null,"event":{"type":"ThirdPartyRenamed","version":1,"payload":{"name":{"from":"Initech","to":"Initrode"}}}}"#;

fn record() -> Vec<u8> {
    let organization = Uuid::from_u128(0x0189_0000_0000_7000_8000_0000_0000_0001);
    assemble(organization, 17, "2026-11-20T23:12:50.5Z".parse().unwrap(), TAIL)
}

#[test]
fn bytes_of_format_1_are_fixed() {
    let expected = format!(
        r#"{{"format":1,"organization":"01890000-0000-7000-8000-000000000001","position":17,"occurred_at":"2026-11-20T23:12:50.500000Z",{}"#,
        &TAIL[1..]
    );
    assert_eq!(String::from_utf8(record()).unwrap(), expected);
    assert_eq!(
        format!("{:?}", LeafHash::of(&record())),
        "cf69a187bdae52b38946fe284dccf09816889cc9e0b3cc94b6d2e29be659e7f4"
    );
}

#[test]
fn a_record_reads_back_and_its_tail_serializes_to_the_same_bytes() {
    let parsed = Record::parse(&record()).unwrap();
    assert_eq!(parsed.position, 17);
    assert_eq!(parsed.tail.stream.version, 2);
    assert_eq!(parsed.tail.event.payload.get(), r#"{"name":{"from":"Initech","to":"Initrode"}}"#);
    assert_eq!(serde_json::to_string(&parsed.tail).unwrap(), TAIL);
    assert!(serde_json::from_str::<RecordTail>(TAIL).is_ok());
}

#[test]
fn a_newer_format_and_garbage_are_refused() {
    let newer = String::from_utf8(record()).unwrap().replacen("\"format\":1", "\"format\":2", 1);
    assert!(matches!(Record::parse(newer.as_bytes()), Err(RecordError::Format(2))));
    assert!(matches!(Record::parse(b"{}"), Err(RecordError::Malformed(_))));
    assert!(matches!(Record::parse(&record()[..100]), Err(RecordError::Malformed(_))));
}

#[test]
fn the_longest_tail_fits_at_the_last_position() {
    let head = assemble(Uuid::max(), u64::MAX, "9999-12-30T22:00:00.999999Z".parse().unwrap(), "{").len();
    assert!(head - 1 + MAXIMUM_TAIL_LENGTH <= MAXIMUM_LENGTH);
}

#[test]
fn the_leaf_hash_is_that_of_rfc_6962() {
    assert_eq!(format!("{:?}", LeafHash::of(b"")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

#[test]
fn a_disclosure_is_made_as_sd_jwt_does() {
    // The example of RFC 9901 section 4.2.3, which has a space after each comma, must open under the same digest.
    let of_the_rfc =
        Disclosure::parse("WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0").unwrap();
    assert_eq!(of_the_rfc.sha256(), "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0");
    assert_eq!((of_the_rfc.label(), of_the_rfc.value()), ("family_name", "Möbius"));

    let ours = Disclosure::new([7; 16], "contact_email", "ann@partner.example");
    assert_eq!(Disclosure::parse(ours.encoded()).unwrap(), ours);
    assert_ne!(ours.sha256(), Disclosure::new([8; 16], "contact_email", "ann@partner.example").sha256());
    assert!(!format!("{ours:?}").contains("ann@"));
    assert!(Disclosure::parse("bm90IGpzb24").is_err());
}
