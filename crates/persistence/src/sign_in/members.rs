//! Taking members in, and their passwords. The Argon2id hash is the caller's work: nothing slow happens here.

use countersign_domain::values::{EmailAddress, PersonName};
use countersign_domain::{Member, MemberCommand, MemberId, Role};

use super::email_digest;
use crate::{ChangeError, Context, Store, UnitOfWork};

/// Takes a person in, with a password if one is given, so that the person can sign in from then on.
pub async fn add_member(
    store: &Store,
    context: &Context,
    email: EmailAddress,
    name: PersonName,
    role: Role,
    password_phc: Option<String>,
) -> Result<MemberId, ChangeError> {
    store
        .change(context, async |unit| {
            let member = take_in(unit, email.clone(), name.clone(), role).await?;
            if let Some(phc) = &password_phc {
                let verifier = unit.store_verifier(phc.clone(), None);
                unit.execute::<Member>(member.uuid(), MemberCommand::SetPassword(verifier)).await?;
            }
            Ok(member)
        })
        .await
}

/// Takes a person in within a unit of work.
pub async fn take_in(
    unit: &UnitOfWork,
    email: EmailAddress,
    name: PersonName,
    role: Role,
) -> Result<MemberId, ChangeError> {
    unit.list_for_sign_in(email_digest(email.as_str()));
    Ok(unit.create::<Member>(MemberCommand::Add { email, name, role }).await?.into())
}

/// Puts a new password in force; the verifier of the one before is dropped. Sessions and links that began under the
/// old password are another matter: see [`super::end_sessions_of`].
pub async fn set_password(store: &Store, context: &Context, member: MemberId, phc: String) -> Result<(), ChangeError> {
    store
        .change(context, async |unit| {
            let replaced = unit.load::<Member>(member.uuid()).await?.verifier();
            let verifier = unit.store_verifier(phc.clone(), replaced);
            unit.execute::<Member>(member.uuid(), MemberCommand::SetPassword(verifier)).await
        })
        .await
}
