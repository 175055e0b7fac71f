//! The member: a person in an organization.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::journaled;
use crate::values::{EmailAddress, PersonName};
use crate::{Change, DomainServices, Personal, References, Role, SessionId, StreamId, SubjectId, VerifierId};

/// By what a member signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInMethod {
    /// E-mail address and password.
    Password,
    /// A one-use link.
    Link,
    /// Password, then a code of the member's authenticator app.
    PasswordAndCode,
    /// Password, then a recovery code.
    PasswordAndRecoveryCode,
    /// A one-use link, then a code of the member's authenticator app.
    LinkAndCode,
    /// A one-use link, then a recovery code.
    LinkAndRecoveryCode,
}

/// Why a member could not sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInFailure {
    /// The password was wrong.
    WrongPassword,
    /// The password was right, the sign-in code or recovery code wrong.
    WrongCode,
    /// Too many wrong passwords or codes came before.
    LockedOut,
}

/// The state of a member.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Member {
    added: bool,
    active: bool,
    role: Option<Role>,
    subject: SubjectId,
    name: Option<Personal>,
    verifier: Option<VerifierId>,
    #[serde(default)]
    asks_for_code: bool,
}

/// What can be asked of a member.
#[derive(Debug, Clone)]
pub enum MemberCommand {
    /// Take a person in.
    Add {
        /// Where mail goes and by what the person signs in; unique in the organization.
        email: EmailAddress,
        /// What the person is called.
        name: PersonName,
        /// What the person may do.
        role: Role,
    },
    /// Change what the person is called.
    Rename(PersonName),
    /// Change what the person may do.
    ChangeRole(Role),
    /// Put a new password in force; its verifier is stored apart.
    SetPassword(VerifierId),
    /// Ask for a code of the authenticator app at every sign-in; secret and recovery codes are stored apart.
    EnableTotp,
    /// Ask for no code any more.
    DisableTotp,
    /// Put new recovery codes in force; their digests are stored apart.
    ReplaceRecoveryCodes,
    /// Keep the person out.
    Deactivate,
    /// Let the person in again.
    Reactivate,
    /// Put on the record that a link was made which signs the person in once; its digest is stored apart.
    RecordSignInLink {
        /// When it works no longer.
        expires_at: Timestamp,
    },
    /// Put a sign-in on the record.
    SignIn {
        /// The session that begins.
        session: SessionId,
        /// By what.
        method: SignInMethod,
    },
    /// Put the end of a session on the record.
    EndSession(SessionId),
    /// Put a minute's failed sign-ins on the record.
    RecordFailedSignIns {
        /// Why they failed.
        cause: SignInFailure,
        /// How many in that minute.
        count: u32,
        /// When the minute began.
        minute: Timestamp,
    },
}

/// What can happen to a member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "payload")]
#[expect(missing_docs, reason = "events are documented with their shapes in docs/journal-format.md")]
pub enum MemberEvent {
    MemberAdded { email: Personal, name: Personal, role: Role },
    MemberRenamed { name: Change<Option<Personal>> },
    MemberRoleChanged { role: Change<Role> },
    MemberPasswordSet { verifier: VerifierId },
    MemberTotpEnabled {},
    MemberTotpDisabled {},
    MemberRecoveryCodesReplaced {},
    MemberDeactivated {},
    MemberReactivated {},
    MemberSignInLinkCreated { expires_at: Timestamp },
    MemberSignedIn { session: SessionId, method: SignInMethod },
    MemberSessionEnded { session: SessionId },
    MemberSignInFailed { cause: SignInFailure, count: u32, minute: Timestamp },
}

/// Why a command was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum MemberError {
    #[error("the member exists already")]
    Exists,
    #[error("there is no such member")]
    Unknown,
    #[error("the member is deactivated")]
    Inactive,
    #[error("sign-in codes are switched on already")]
    TotpEnabled,
    #[error("sign-in codes are not switched on")]
    TotpDisabled,
}

journaled!(
    Member = "member",
    MemberCommand,
    MemberEvent,
    MemberError,
    [
        MemberAdded,
        MemberRenamed,
        MemberRoleChanged,
        MemberPasswordSet,
        MemberTotpEnabled,
        MemberTotpDisabled,
        MemberRecoveryCodesReplaced,
        MemberDeactivated,
        MemberReactivated,
        MemberSignInLinkCreated,
        MemberSignedIn,
        MemberSessionEnded,
        MemberSignInFailed,
    ]
);

impl Member {
    #[expect(clippy::unused_self, reason = "same shape as the other aggregates, which know what they refer to")]
    fn refers_to(&self, _id: StreamId) -> References {
        References::default()
    }

    /// The verifier of the password in force, which a new password replaces.
    pub fn verifier(&self) -> Option<VerifierId> {
        self.verifier
    }

    fn decide(
        &self,
        command: MemberCommand,
        services: &dyn DomainServices,
    ) -> Result<Option<MemberEvent>, MemberError> {
        use MemberCommand as Command;
        use MemberEvent as Event;

        if let Command::Add { email, name, role } = command {
            if self.added {
                return Err(MemberError::Exists);
            }
            let person: SubjectId = services.new_id().into();
            return Ok(Some(Event::MemberAdded {
                email: services.commit(person, "email", email.as_str()),
                name: services.commit(person, "name", name.as_str()),
                role,
            }));
        }
        let role = self.role.filter(|_| self.added).ok_or(MemberError::Unknown)?;
        Ok(match command {
            Command::Add { .. } => None,
            Command::Rename(name) => {
                let known = self.name.as_ref().and_then(|personal| services.reveal(personal));
                (known.as_deref() != Some(name.as_str())).then(|| Event::MemberRenamed {
                    name: Change {
                        from: self.name.clone(),
                        to: Some(services.commit(self.subject, "name", name.as_str())),
                    },
                })
            }
            Command::ChangeRole(to) => Change::between(&role, to).map(|role| Event::MemberRoleChanged { role }),
            Command::SetPassword(verifier) => {
                (self.verifier != Some(verifier)).then_some(Event::MemberPasswordSet { verifier })
            }
            // A second secret in force would lock out the app that has the first: it is switched off before.
            Command::EnableTotp if self.asks_for_code => return Err(MemberError::TotpEnabled),
            Command::EnableTotp => Some(Event::MemberTotpEnabled {}),
            Command::DisableTotp => self.asks_for_code.then_some(Event::MemberTotpDisabled {}),
            Command::ReplaceRecoveryCodes if !self.asks_for_code => return Err(MemberError::TotpDisabled),
            Command::ReplaceRecoveryCodes => Some(Event::MemberRecoveryCodesReplaced {}),
            Command::Deactivate => self.active.then_some(Event::MemberDeactivated {}),
            Command::Reactivate => (!self.active).then_some(Event::MemberReactivated {}),
            Command::RecordSignInLink { expires_at } => Some(Event::MemberSignInLinkCreated { expires_at }),
            Command::SignIn { session, method } => {
                if !self.active {
                    return Err(MemberError::Inactive);
                }
                Some(Event::MemberSignedIn { session, method })
            }
            Command::EndSession(session) => Some(Event::MemberSessionEnded { session }),
            Command::RecordFailedSignIns { cause, count, minute } => {
                (count > 0).then_some(Event::MemberSignInFailed { cause, count, minute })
            }
        })
    }
}

impl Member {
    fn evolve(&mut self, event: MemberEvent) {
        match event {
            MemberEvent::MemberAdded { name, role, .. } => {
                *self = Self {
                    added: true,
                    active: true,
                    role: Some(role),
                    subject: name.subject,
                    name: Some(name),
                    verifier: None,
                    asks_for_code: false,
                };
            }
            MemberEvent::MemberRenamed { name } => self.name = name.to,
            MemberEvent::MemberRoleChanged { role } => self.role = Some(role.to),
            MemberEvent::MemberPasswordSet { verifier } => self.verifier = Some(verifier),
            MemberEvent::MemberTotpEnabled {} => self.asks_for_code = true,
            MemberEvent::MemberTotpDisabled {} => self.asks_for_code = false,
            MemberEvent::MemberDeactivated {} => self.active = false,
            MemberEvent::MemberReactivated {} => self.active = true,
            MemberEvent::MemberRecoveryCodesReplaced {}
            | MemberEvent::MemberSignInLinkCreated { .. }
            | MemberEvent::MemberSignedIn { .. }
            | MemberEvent::MemberSessionEnded { .. }
            | MemberEvent::MemberSignInFailed { .. } => {}
        }
    }
}
