//! Failed authentications of clients and members: counted in memory, put on the record once a minute.
//!
//! One event per client or member, cause and minute, so that a flood of guesses makes no flood of events.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign_domain::client::AuthenticationFailure;
use countersign_domain::member::SignInFailure;
use countersign_domain::{Actor, Client, ClientCommand, ClientId, Member, MemberCommand, MemberId, OrganizationId};
use countersign_persistence::{ChangeError, Context, Store, Via, clock};
use jiff::Timestamp;

/// Who failed to authenticate, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Failure {
    Client(ClientId, AuthenticationFailure),
    Member(MemberId, SignInFailure),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Counted {
    failure: Failure,
    minute: Timestamp,
}

type Counts = HashMap<Counted, u32>;

/// The counters of this process.
#[derive(Default)]
pub(crate) struct FailedAttempts {
    organizations: Mutex<HashMap<OrganizationId, Counts>>,
}

impl FailedAttempts {
    /// Counts one failure.
    pub fn count(&self, organization: OrganizationId, failure: Failure) {
        let counted = Counted { failure, minute: minute_of(clock::now()) };
        let mut organizations = self.organizations();
        let count = organizations.entry(organization).or_default().entry(counted).or_default();
        *count = count.saturating_add(1);
    }

    /// Puts the minutes that are over on the record. What can't be written now stays counted.
    pub async fn record_past_minutes(&self, store: &Store) {
        let current = minute_of(clock::now());
        self.record(store, |minute| minute < current).await;
    }

    /// Puts everything on the record, also the minute that has just begun.
    pub async fn record_all(&self, store: &Store) {
        self.record(store, |_| true).await;
    }

    async fn record(&self, store: &Store, is_due: impl Fn(Timestamp) -> bool) {
        for (organization, counts) in self.take(is_due) {
            let context = Context {
                organization,
                actor: Actor::System,
                via: Via::Worker,
                request: clock::new_id(),
                source: None,
                reason: None,
            };
            if let Err(error) = record_counts(store, context, &counts).await {
                tracing::warn!(%error, %organization, "failed authentications are kept until they can be recorded");
                self.put_back(organization, counts);
            }
        }
    }

    fn take(&self, is_due: impl Fn(Timestamp) -> bool) -> Vec<(OrganizationId, Counts)> {
        let mut organizations = self.organizations();
        let due = organizations
            .iter_mut()
            .map(|(organization, counts)| {
                (*organization, counts.extract_if(|counted, _| is_due(counted.minute)).collect::<Counts>())
            })
            .filter(|(_, counts)| !counts.is_empty())
            .collect();
        organizations.retain(|_, counts| !counts.is_empty());
        due
    }

    fn put_back(&self, organization: OrganizationId, counts: Counts) {
        let mut organizations = self.organizations();
        let kept = organizations.entry(organization).or_default();
        for (counted, count) in counts {
            let known = kept.entry(counted).or_default();
            *known = known.saturating_add(count);
        }
    }

    fn organizations(&self) -> MutexGuard<'_, HashMap<OrganizationId, Counts>> {
        self.organizations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One unit of work. After a conflict the counts are kept, and recorded a minute later.
async fn record_counts(store: &Store, context: Context, counts: &Counts) -> Result<(), ChangeError> {
    let unit = store.unit_of_work(context);
    for (&Counted { failure, minute }, &count) in counts {
        let recorded = match failure {
            Failure::Client(client, cause) => {
                let command = ClientCommand::RecordFailedAuthentications { cause, count, minute };
                unit.execute::<Client>(client.uuid(), command).await
            }
            Failure::Member(member, cause) => {
                let command = MemberCommand::RecordFailedSignIns { cause, count, minute };
                unit.execute::<Member>(member.uuid(), command).await
            }
        };
        match recorded {
            // Whoever was deleted since has no use for it.
            Err(ChangeError::Refused(_)) | Ok(()) => {}
            Err(error) => return Err(error),
        }
    }
    unit.save().await?;
    Ok(())
}

/// The beginning of the minute.
fn minute_of(instant: Timestamp) -> Timestamp {
    let seconds = instant.as_second();
    Timestamp::from_second(seconds - seconds.rem_euclid(60)).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_begins_at_its_zeroth_second() {
        let instant: Timestamp = "2026-11-20T14:05:59.999999Z".parse().unwrap();
        assert_eq!(minute_of(instant).to_string(), "2026-11-20T14:05:00Z");
        let before_1970: Timestamp = "1969-12-31T23:59:30Z".parse().unwrap();
        assert_eq!(minute_of(before_1970).to_string(), "1969-12-31T23:59:00Z");
    }

    #[test]
    fn only_due_minutes_are_taken_and_put_back_ones_add_up() {
        let attempts = FailedAttempts::default();
        let organization = OrganizationId(uuid::Uuid::from_u128(1));
        let failure = Failure::Client(ClientId(uuid::Uuid::from_u128(2)), AuthenticationFailure::WrongSecret);
        attempts.count(organization, failure);
        attempts.count(organization, failure);
        assert!(attempts.take(|_| false).is_empty());
        let taken = attempts.take(|_| true);
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].1.values().copied().collect::<Vec<_>>(), [2]);
        assert!(attempts.take(|_| true).is_empty());
        attempts.count(organization, failure);
        attempts.put_back(organization, taken[0].1.clone());
        assert_eq!(attempts.take(|_| true)[0].1.values().sum::<u32>(), 3);
    }
}
