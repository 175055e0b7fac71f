//! What pages and the JSON API read, against a real PostgreSQL.

// The futures of a unit of work nest deeply.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod clients;
mod installation;
mod members;
mod overview;
mod requests;
mod support;
mod third_parties;
mod timeline;
mod tokens_and_members;
mod words;
