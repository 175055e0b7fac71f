//! The tokens of a third party.

pub(super) mod add;
pub(super) mod change;
pub(super) mod get;
pub(super) mod revoke;
pub(super) mod view;
