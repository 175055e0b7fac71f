//! The changes that pages and API have in common: each one unit of work.

pub(crate) mod clients;
pub(crate) mod consents;
pub(crate) mod members;
pub(crate) mod organization;
pub(crate) mod organizations;
pub(crate) mod sign_in;
pub(crate) mod third_parties;
