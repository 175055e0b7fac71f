//! The JSON API and the OAuth endpoints, over HTTP and a real PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod access;
mod api_keys;
mod attacks;
mod authorization;
mod bad_input;
mod client_authentication;
mod clients;
mod database_away;
mod forward_auth;
mod generated;
mod host_names;
mod introspection;
mod isolation;
mod jobs;
mod leaked_tokens;
mod logs;
mod members;
mod openapi;
mod operator;
mod overview;
mod roles;
mod sessions;
mod setting;
mod settings;
mod step_up;
mod support;
mod third_parties;
mod throttling;
mod token_endpoint;
mod tokens_presented;
