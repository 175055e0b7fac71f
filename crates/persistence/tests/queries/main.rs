//! What pages and the JSON API read, against a real PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;
mod third_parties;
mod timeline;
mod tokens_and_members;
mod words;
