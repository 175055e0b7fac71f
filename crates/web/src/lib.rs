//! The HTTP side of Countersign: OAuth endpoints, pages and JSON API.
//!
//! Every handler reads alike: extract (the extractors prove organization, session and right), one unit of work,
//! answer. Errors go through [`error::WebError`], which is rendered for its audience in one place.

pub mod admin;
pub mod api;
mod assets;
mod caller;
mod changes;
mod chosen_secret;
mod cookies;
mod diagnosis;
mod error;
mod failed_attempts;
mod form;
mod installation_health;
mod job_result;
mod lines;
mod middleware;
mod month;
mod network;
pub mod oauth;
mod operations;
mod overview;
pub mod password;
mod requests;
mod responses;
mod server;
mod sign_in_codes;
mod state;
pub mod step_up;
mod templates;
mod tenant;
mod zone;

pub use api::openapi_json;
pub use error::WebError;
pub use server::{RunningServer, ServerHandle, WebOptions, serve};
