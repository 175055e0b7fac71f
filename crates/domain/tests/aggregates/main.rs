//! Every command of every aggregate, as given/when/then: one module an aggregate.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a failing test panics")]

mod authorization;
mod client;
mod consent;
mod member;
mod organization;
mod support;
mod third_party;
mod token;
