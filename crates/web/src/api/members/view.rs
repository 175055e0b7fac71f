//! How the API shows a member.

use countersign_domain::{MemberId, OrganizationId, Role};
use countersign_persistence::queries::members::{self, MemberSummary};
use countersign_persistence::{Store, clock, sign_in};
use jiff::Timestamp;
use serde::Serialize;

use crate::WebError;
use crate::changes::members::SignInLink;

/// A member.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "0197c1f0-6a1e-7c3f-9a52-0f6b8d3e1c42", "email": "grace@acme.example", "name": "Grace Hopper",
    "role": "admin", "active": true, "sign_in_codes": false, "has_password": true,
    "added_at": "2026-11-20T14:05:00Z", "last_signed_in_at": null
}))]
pub(crate) struct MemberView {
    /// Which one.
    #[schema(value_type = uuid::Uuid)]
    pub id: MemberId,
    /// By what the member signs in; null once erased.
    email: Option<String>,
    /// What the member is called; null once erased.
    name: Option<String>,
    /// What the member may do.
    #[schema(value_type = String, examples("owner", "admin", "developer", "auditor"))]
    role: Role,
    /// Whether the member may sign in.
    active: bool,
    /// Whether a code is asked for at sign-in.
    sign_in_codes: bool,
    /// Whether there is a password; without one the member signs in by links.
    has_password: bool,
    /// Since when the member is one.
    #[schema(value_type = String, format = DateTime)]
    added_at: Timestamp,
    /// When the member last signed in.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_signed_in_at: Option<Timestamp>,
}

/// A member with what is open at present.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MemberDetail {
    #[serde(flatten)]
    member: MemberView,
    /// How many sessions are open now.
    sessions: usize,
}

/// A link that signs a member in once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SignInLinkView {
    /// To be handed to the member. Shown only now.
    #[schema(example = "https://countersign.example/o/acme/sign-in/cs_sl_…")]
    sign_in_link: String,
    /// When it works no longer.
    #[schema(value_type = String, format = DateTime)]
    sign_in_link_expires_at: Timestamp,
}

impl From<MemberSummary> for MemberView {
    fn from(member: MemberSummary) -> Self {
        Self {
            id: member.id,
            email: member.email,
            name: member.name,
            role: member.role,
            active: member.active,
            sign_in_codes: member.asks_for_code,
            has_password: member.has_password,
            added_at: member.added_at,
            last_signed_in_at: member.last_signed_in_at,
        }
    }
}

impl From<SignInLink> for SignInLinkView {
    fn from(link: SignInLink) -> Self {
        Self { sign_in_link: link.url, sign_in_link_expires_at: link.expires_at }
    }
}

/// A member of the organization.
pub(super) async fn existing(
    store: &Store,
    organization: OrganizationId,
    id: MemberId,
) -> Result<MemberSummary, WebError> {
    members::get(store, organization, id).await?.ok_or(WebError::NotFound)
}

/// A member of the organization, with what is open at present.
pub(super) async fn detail(
    store: &Store,
    organization: OrganizationId,
    id: MemberId,
) -> Result<MemberDetail, WebError> {
    let member = existing(store, organization, id).await?.into();
    let sessions = sign_in::sessions_of(store, organization, id, clock::now()).await?.len();
    Ok(MemberDetail { member, sessions })
}
