//! Long work that members asked for.

pub(super) mod end;
pub(super) mod export_audit;
pub(super) mod get;
pub(super) mod list;
pub(super) mod result;
pub(super) mod view;
