//! The organization in the path of a request.

use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use countersign_domain::values::Slug;
use countersign_persistence::directory::OrganizationEntry;

use crate::WebError;
use crate::state::AppState;

/// The organization in the path; 404 where there is none of that name.
pub(crate) struct Tenant(pub Arc<OrganizationEntry>);

impl FromRequest for Tenant {
    type Error = WebError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, WebError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let state = request.app_data::<web::Data<AppState>>().ok_or(WebError::Internal)?;
            in_path(state, &request).await?.map(Self).ok_or(WebError::NotFound)
        })
    }
}

/// The organization in the path, if there is one of that name.
pub(crate) async fn in_path(
    state: &AppState,
    request: &HttpRequest,
) -> Result<Option<Arc<OrganizationEntry>>, WebError> {
    match request.match_info().get("org") {
        // What can't be a slug is not looked up: the database refuses some texts that a path can hold.
        Some(slug) if Slug::parse(slug).is_ok() => Ok(state.store.directory().organization_by_slug(slug).await?),
        _ => Ok(None),
    }
}
