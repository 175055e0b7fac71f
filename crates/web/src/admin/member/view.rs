//! What `member.hbs` reads.

use countersign_persistence::directory::OrganizationEntry;
use countersign_persistence::queries::ERASED;
use countersign_persistence::queries::members::MemberSummary;
use jiff::Timestamp;
use serde::Serialize;

use super::super::page::{Field, Frame, Switch, base, role_in_words};
use super::page_version;
use crate::changes::members::SignInLink;
use crate::error::FieldError;
use crate::form::Fields;

#[derive(Serialize)]
pub(super) struct MemberPage {
    page: Frame,
    pub can_edit: bool,
    pub is_self: bool,
    member: MemberLine,
    pub history: Option<String>,
    version: String,
    form: Form,
    added: Moment,
    #[serde(flatten)]
    signing_in: SigningIn,
    link: Option<LinkLine>,
}

#[derive(Serialize)]
struct SigningIn {
    last_signed_in: Option<Moment>,
    codes: bool,
    has_password: bool,
    sessions: usize,
}

/// A member as the pages about it name it.
#[derive(Serialize)]
pub(super) struct MemberLine {
    name: String,
    email: String,
    pub href: String,
    role: &'static str,
    active: bool,
}

#[derive(Serialize)]
struct Moment {
    at: Timestamp,
    unix: i64,
}

#[derive(Serialize)]
struct LinkLine {
    url: String,
    expires_at: Timestamp,
}

/// The fields that can be changed.
#[derive(Serialize)]
pub(super) struct Form {
    name: Field,
    role: Field,
    active: Switch,
    /// Not `reason`, which is the field of the dialogs in front of the page.
    save_reason: Field,
}

/// What the page shows beside what is saved.
pub(super) struct Shown {
    pub form: Form,
    pub link: Option<SignInLink>,
}

impl Moment {
    fn of(at: Timestamp) -> Self {
        Self { at, unix: at.as_second() }
    }
}

impl MemberLine {
    pub fn of(organization: &OrganizationEntry, member: &MemberSummary) -> Self {
        Self {
            name: member.name.clone().unwrap_or_else(|| ERASED.to_owned()),
            email: member.email.clone().unwrap_or_else(|| ERASED.to_owned()),
            href: format!("{}/members/{}", base(&organization.slug), member.id),
            role: role_in_words(member.role),
            active: member.active,
        }
    }
}

impl Form {
    pub fn saved(member: &MemberSummary) -> Self {
        Self {
            name: Field::of(member.name.clone().unwrap_or_default()),
            role: Field::of(member.role.as_str()),
            active: Switch::of(member.active),
            save_reason: Field::default(),
        }
    }

    pub fn typed(fields: &Fields, errors: &[FieldError]) -> Self {
        let field = |name| Field::typed(fields, name).marked(name, errors);
        Self {
            name: field("name"),
            role: field("role"),
            active: Switch::typed(fields, "active", errors),
            save_reason: field("save_reason"),
        }
    }

    /// With what somebody can't change of themselves as it is saved.
    pub fn with_own(self, member: &MemberSummary) -> Self {
        let Self { role, active, .. } = Self::saved(member);
        Self { role, active, ..self }
    }

    /// Says beside each field that differs what is saved now.
    pub fn compared_with(self, saved: &Self) -> Self {
        Self {
            name: self.name.compared_with(&saved.name),
            role: self.role.compared_with(&saved.role),
            active: self.active.compared_with(saved.active.value, ["not Active", "Active"]),
            save_reason: self.save_reason,
        }
    }
}

impl MemberPage {
    /// The page of somebody who may read it all and change nothing.
    pub fn new(
        page: Frame,
        organization: &OrganizationEntry,
        member: &MemberSummary,
        sessions: usize,
        shown: Shown,
    ) -> Self {
        Self {
            page,
            can_edit: false,
            is_self: false,
            member: MemberLine::of(organization, member),
            // Every record that names the member, as who did it or to whom it was done.
            history: Some(format!("{}/audit?q={}", base(&organization.slug), member.id)),
            version: page_version(member),
            form: shown.form,
            added: Moment::of(member.added_at),
            signing_in: SigningIn {
                last_signed_in: member.last_signed_in_at.map(Moment::of),
                codes: member.asks_for_code,
                has_password: member.has_password,
                sessions,
            },
            link: shown.link.map(|link| LinkLine { url: link.url, expires_at: link.expires_at }),
        }
    }
}
