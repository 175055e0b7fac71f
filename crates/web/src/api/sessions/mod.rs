//! Sessions: the bearer tokens of this API.

pub(super) mod confirm;
pub(super) mod create;
pub(super) mod end;
