//! The pages as a browser sees them: a real server, a real database, cookies and forms.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a failing test panics")]

mod assets;
mod browser;
mod calendar;
mod client;
mod clients;
mod docs;
mod home;
mod jobs;
mod members;
mod operator;
mod profile;
mod rights;
mod saving;
mod settings;
mod sign_in;
mod sign_in_codes;
mod site;
mod step_up;
mod third_parties;
mod tokens;
mod totp;
