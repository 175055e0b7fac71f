//! Third parties.

pub(super) mod add;
pub(super) mod change;
pub(super) mod delete;
pub(super) mod get;
pub(super) mod list;
pub(super) mod view;
