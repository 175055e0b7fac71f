//! The third party: the outside organization that is given access.

use serde::{Deserialize, Serialize};

use crate::event::journaled;
use crate::values::{EmailAddress, InvalidValue, Note, PersonName, ThirdPartyName};
use crate::{Change, DomainServices, Personal, References, StreamId, SubjectId};

/// How a third party comes by its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// An admin adds tokens and hands them over; they expire.
    #[default]
    Manual,
    /// Tokens come through the authorization-code flow at the callback URL.
    Automatic,
}

impl Mode {
    /// The mode as it is written in records and forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Automatic => "automatic",
        }
    }
}

impl std::str::FromStr for Mode {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "manual" => Ok(Self::Manual),
            "automatic" => Ok(Self::Automatic),
            _ => Err(InvalidValue("Choose manual or automatic".into())),
        }
    }
}

/// Whom to talk to at the third party.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contact {
    /// The person's name.
    pub name: Option<PersonName>,
    /// Where mail goes.
    pub email: Option<EmailAddress>,
}

/// The state of a third party.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ThirdParty {
    added: bool,
    deleted: bool,
    name: String,
    contact_name: Option<Personal>,
    contact_email: Option<Personal>,
    requirements: Option<Personal>,
    mode: Mode,
    enabled: bool,
}

/// What can be asked of a third party.
#[derive(Debug, Clone)]
pub enum ThirdPartyCommand {
    /// Set up a third party. It starts switched off.
    Add {
        /// Unique in the organization.
        name: ThirdPartyName,
        /// Whom to talk to.
        contact: Contact,
        /// What was reviewed with the third party.
        requirements: Option<Note>,
        /// How it comes by its tokens.
        mode: Mode,
    },
    /// Change the name.
    Rename(ThirdPartyName),
    /// Change whom to talk to.
    ChangeContact(Contact),
    /// Change what was reviewed.
    ChangeRequirements(Option<Note>),
    /// Change how it comes by its tokens.
    ChangeMode(Mode),
    /// Switch every access of the third party on.
    Enable,
    /// Switch every access of the third party off, at once.
    Disable,
    /// End it for good. Its history stays.
    Delete,
}

/// What can happen to a third party.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "payload")]
#[expect(missing_docs, reason = "events are documented with their shapes in docs/journal-format.md")]
pub enum ThirdPartyEvent {
    ThirdPartyAdded {
        name: String,
        contact_name: Option<Personal>,
        contact_email: Option<Personal>,
        requirements: Option<Personal>,
        mode: Mode,
    },
    ThirdPartyRenamed {
        name: Change<String>,
    },
    ThirdPartyContactChanged {
        contact_name: Change<Option<Personal>>,
        contact_email: Change<Option<Personal>>,
    },
    ThirdPartyRequirementsChanged {
        requirements: Change<Option<Personal>>,
    },
    ThirdPartyModeChanged {
        mode: Change<Mode>,
    },
    ThirdPartyEnabled {},
    ThirdPartyDisabled {},
    ThirdPartyDeleted {
        name: String,
    },
}

/// Why a command was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum ThirdPartyError {
    #[error("the third party exists already")]
    Exists,
    #[error("there is no such third party")]
    Unknown,
    #[error("the third party was deleted")]
    Deleted,
}

journaled!(
    ThirdParty = "third_party",
    ThirdPartyCommand,
    ThirdPartyEvent,
    ThirdPartyError,
    [
        ThirdPartyAdded,
        ThirdPartyRenamed,
        ThirdPartyContactChanged,
        ThirdPartyRequirementsChanged,
        ThirdPartyModeChanged,
        ThirdPartyEnabled,
        ThirdPartyDisabled,
        ThirdPartyDeleted,
    ]
);

impl ThirdParty {
    #[expect(clippy::unused_self, reason = "same shape as the other aggregates, which know what they refer to")]
    fn refers_to(&self, id: StreamId) -> References {
        References { third_party: Some(id.into()), ..References::default() }
    }

    fn decide(
        &self,
        command: ThirdPartyCommand,
        services: &dyn DomainServices,
    ) -> Result<Option<ThirdPartyEvent>, ThirdPartyError> {
        use ThirdPartyCommand as Command;
        use ThirdPartyEvent as Event;

        if let Command::Add { name, contact, requirements, mode } = command {
            if self.added {
                return Err(ThirdPartyError::Exists);
            }
            let person = new_subject(services);
            return Ok(Some(Event::ThirdPartyAdded {
                name: name.to_string(),
                contact_name: contact.name.map(|name| services.commit(person, "contact_name", name.as_str())),
                contact_email: contact.email.map(|email| services.commit(person, "contact_email", email.as_str())),
                requirements: requirements.map(|note| commit_requirements(services, &note)),
                mode,
            }));
        }
        if !self.added {
            return Err(ThirdPartyError::Unknown);
        }
        if self.deleted {
            return Err(ThirdPartyError::Deleted);
        }
        Ok(match command {
            Command::Add { .. } => None,
            Command::Rename(name) => {
                Change::between(&self.name, name.to_string()).map(|name| Event::ThirdPartyRenamed { name })
            }
            Command::ChangeContact(contact) => self.change_contact(&contact, services),
            Command::ChangeRequirements(note) => {
                let known = self.requirements.as_ref().and_then(|personal| services.reveal(personal));
                (known.as_deref() != note.as_ref().map(Note::as_str)).then(|| Event::ThirdPartyRequirementsChanged {
                    requirements: Change {
                        from: self.requirements.clone(),
                        to: note.map(|note| commit_requirements(services, &note)),
                    },
                })
            }
            Command::ChangeMode(mode) => {
                Change::between(&self.mode, mode).map(|mode| Event::ThirdPartyModeChanged { mode })
            }
            Command::Enable => (!self.enabled).then_some(Event::ThirdPartyEnabled {}),
            Command::Disable => self.enabled.then_some(Event::ThirdPartyDisabled {}),
            Command::Delete => Some(Event::ThirdPartyDeleted { name: self.name.clone() }),
        })
    }

    /// A new e-mail address is taken for a new person, who can then be erased apart from the one before. An erased
    /// person is never taken up again: whatever comes after is about somebody new.
    fn change_contact(&self, contact: &Contact, services: &dyn DomainServices) -> Option<ThirdPartyEvent> {
        let reveal = |personal: &Option<Personal>| personal.as_ref().and_then(|personal| services.reveal(personal));
        let (known_name, known_email) = (reveal(&self.contact_name), reveal(&self.contact_email));
        let name = contact.name.as_ref().map(PersonName::as_str);
        let email = contact.email.as_ref().map(EmailAddress::as_str);
        let (same_name, same_email) = (known_name.as_deref() == name, known_email.as_deref() == email);
        if same_name && same_email {
            return None;
        }
        let known_person = self
            .contact_email
            .as_ref()
            .filter(|_| known_email.is_some())
            .or(self.contact_name.as_ref().filter(|_| known_name.is_some()))
            .map(|personal| personal.subject);
        let person = known_person.filter(|_| same_email).unwrap_or_else(|| new_subject(services));
        let commit = |label, value: Option<&str>| value.map(|value| services.commit(person, label, value));
        let keep = |known: &Option<Personal>| known.clone().filter(|personal| personal.subject == person);
        Some(ThirdPartyEvent::ThirdPartyContactChanged {
            contact_name: Change {
                from: self.contact_name.clone(),
                to: keep(&self.contact_name).filter(|_| same_name).or_else(|| commit("contact_name", name)),
            },
            contact_email: Change {
                from: self.contact_email.clone(),
                to: keep(&self.contact_email).filter(|_| same_email).or_else(|| commit("contact_email", email)),
            },
        })
    }
}

fn new_subject(services: &dyn DomainServices) -> SubjectId {
    services.new_id().into()
}

/// Free text may name anybody, so it can be erased on its own.
fn commit_requirements(services: &dyn DomainServices, note: &Note) -> Personal {
    services.commit(new_subject(services), "requirements", note.as_str())
}

impl ThirdParty {
    fn evolve(&mut self, event: ThirdPartyEvent) {
        match event {
            ThirdPartyEvent::ThirdPartyAdded { name, contact_name, contact_email, requirements, mode } => {
                *self = Self {
                    added: true,
                    name,
                    contact_name,
                    contact_email,
                    requirements,
                    mode,
                    enabled: false,
                    deleted: false,
                };
            }
            ThirdPartyEvent::ThirdPartyRenamed { name } => self.name = name.to,
            ThirdPartyEvent::ThirdPartyContactChanged { contact_name, contact_email } => {
                self.contact_name = contact_name.to;
                self.contact_email = contact_email.to;
            }
            ThirdPartyEvent::ThirdPartyRequirementsChanged { requirements } => self.requirements = requirements.to,
            ThirdPartyEvent::ThirdPartyModeChanged { mode } => self.mode = mode.to,
            ThirdPartyEvent::ThirdPartyEnabled {} => self.enabled = true,
            ThirdPartyEvent::ThirdPartyDisabled {} => self.enabled = false,
            ThirdPartyEvent::ThirdPartyDeleted { .. } => self.deleted = true,
        }
    }
}
