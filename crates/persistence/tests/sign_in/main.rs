//! Signing in, against a real PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod links;
mod lockout;
mod members;
mod owners;
mod pending;
mod second_factor;
mod sessions;
mod support;
