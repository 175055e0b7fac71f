//! The consent: what a member lets a client have without being asked again. One stream for each member and client.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::event::journaled;
use crate::{ClientId, ConsentId, DomainServices, MemberId, References, StreamId, ThirdPartyId};

/// The state of a consent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Consent {
    client: Option<ClientId>,
    third_party: Option<ThirdPartyId>,
    /// What is consented to; `None` before the first consent and after its withdrawal.
    scopes: Option<Vec<String>>,
}

/// What can be asked of a consent.
#[derive(Debug, Clone)]
pub enum ConsentCommand {
    /// Consent to these scopes, beside those of before.
    Give {
        /// Who consents.
        member: MemberId,
        /// To what the client may have.
        client: ClientId,
        /// The third party that the client belongs to.
        third_party: Option<ThirdPartyId>,
        /// What it may have.
        scopes: Vec<String>,
    },
    /// Be asked again the next time.
    Withdraw,
}

/// What can happen to a consent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "payload")]
#[expect(missing_docs, reason = "events are documented with their shapes in docs/journal-format.md")]
pub enum ConsentEvent {
    ConsentGiven { member: MemberId, client: ClientId, third_party: Option<ThirdPartyId>, scopes: Vec<String> },
    ConsentWithdrawn {},
}

/// Why a command was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum ConsentError {
    #[error("there is no such consent")]
    Unknown,
}

journaled!(Consent = "consent", ConsentCommand, ConsentEvent, ConsentError, [ConsentGiven, ConsentWithdrawn]);

impl ConsentId {
    /// The one consent of a member to a client. Derived from both, so that two tabs can't begin two.
    pub fn of(member: MemberId, client: ClientId) -> Self {
        let digest = Sha256::new().chain_update("consent").chain_update(member.0).chain_update(client.0).finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

impl Consent {
    fn refers_to(&self, _id: StreamId) -> References {
        References { third_party: self.third_party, client: self.client, token: None }
    }

    fn decide(
        &self,
        command: ConsentCommand,
        _services: &dyn DomainServices,
    ) -> Result<Option<ConsentEvent>, ConsentError> {
        match (command, &self.scopes) {
            (ConsentCommand::Give { member, client, third_party, scopes }, known) => {
                let mut all = known.clone().unwrap_or_default();
                all.extend(scopes);
                all.sort();
                all.dedup();
                let is_new = known.as_ref() != Some(&all);
                Ok(is_new.then_some(ConsentEvent::ConsentGiven { member, client, third_party, scopes: all }))
            }
            (ConsentCommand::Withdraw, Some(_)) => Ok(Some(ConsentEvent::ConsentWithdrawn {})),
            (ConsentCommand::Withdraw, None) => Err(ConsentError::Unknown),
        }
    }
}

impl Consent {
    fn evolve(&mut self, event: ConsentEvent) {
        match event {
            ConsentEvent::ConsentGiven { client, third_party, scopes, .. } => {
                *self = Self { client: Some(client), third_party, scopes: Some(scopes) };
            }
            ConsentEvent::ConsentWithdrawn {} => self.scopes = None,
        }
    }
}
