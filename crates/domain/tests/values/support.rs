//! How all value types are tested.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a failing test panics")]

use std::fmt::Debug;
use std::str::FromStr;

use countersign_domain::values::InvalidValue;
use serde::de::DeserializeOwned;

pub trait Value: FromStr<Err = InvalidValue> + ToString + Debug + DeserializeOwned {}
impl<T: FromStr<Err = InvalidValue> + ToString + Debug + DeserializeOwned> Value for T {}

/// Accepted, and kept as `expected`, by every way in.
pub fn accepts<T: Value>(text: &str, expected: &str) {
    let value: T = text.parse().unwrap_or_else(|problem| panic!("{text:?} should be accepted: {problem}"));
    assert_eq!(value.to_string(), expected, "{text:?}");
    let read: T = serde_json::from_value(text.into()).unwrap();
    assert_eq!(read.to_string(), expected);
    let again: T = expected.parse().unwrap_or_else(|problem| panic!("{expected:?} is not stable: {problem}"));
    assert_eq!(again.to_string(), expected);
}

/// Refused by every way in, with something to say to whoever typed it.
pub fn refuses<T: Value>(text: &str) {
    match text.parse::<T>() {
        Ok(value) => panic!("{text:?} should be refused, was taken as {value:?}"),
        Err(problem) => assert!(!problem.to_string().is_empty()),
    }
    assert!(serde_json::from_value::<T>(text.into()).is_err(), "{text:?} comes in by deserializing");
}
