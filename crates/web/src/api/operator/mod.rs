//! What those who run the installation do.

pub(super) mod add_organization;
pub(super) mod change_organization;
pub(super) mod get_health;
pub(super) mod get_organization;
pub(super) mod list_organizations;
pub(super) mod view;
