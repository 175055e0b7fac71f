//! Where requests come from, and the commitments to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_domain::{OrganizationId, Personal, SubjectId};
use countersign_ledger::Disclosure;
use jiff::{SignedDuration, Timestamp};

use crate::clock;

/// Where a request came from. Personal data: records hold only a commitment to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Source {
    /// The network address.
    pub address: String,
    /// The user agent, as sent.
    pub user_agent: String,
}

impl Source {
    /// The text that is committed to: a JSON object with `address` and `user_agent`.
    fn disclosed_text(&self) -> String {
        serde_json::json!({ "address": self.address, "user_agent": self.user_agent }).to_string()
    }

    /// The source behind a text that was committed to.
    pub(crate) fn from_disclosed_text(text: &str) -> Option<Self> {
        let json: serde_json::Value = serde_json::from_str(text).ok()?;
        let field = |name: &str| json.get(name)?.as_str().map(str::to_owned);
        Some(Self { address: field("address")?, user_agent: field("user_agent")? })
    }
}

/// Sources that made changes of late: the same actor from the same place commits once and refers to it again, so that
/// a busy source costs one disclosure rather than one an event.
pub(crate) struct Sources {
    recent: quick_cache::sync::Cache<(OrganizationId, SubjectId, Source), Arc<CommittedSource>>,
}

/// A commitment to a source.
pub(crate) struct CommittedSource {
    pub personal: Personal,
    disclosure: Disclosure,
    made_at: Timestamp,
    stored: AtomicBool,
}

/// For how long a source's commitment is used again.
const SOURCE_COMMITMENT_HOURS: i64 = 24;

impl Sources {
    pub fn new() -> Self {
        Self { recent: quick_cache::sync::Cache::new(10_000) }
    }

    pub fn commit(
        &self,
        organization: OrganizationId,
        subject: SubjectId,
        source: &Source,
        now: Timestamp,
    ) -> Arc<CommittedSource> {
        let key = (organization, subject, source.clone());
        let is_recent = |committed: &Arc<CommittedSource>| {
            now.duration_since(committed.made_at) < SignedDuration::from_hours(SOURCE_COMMITMENT_HOURS)
        };
        if let Some(committed) = self.recent.get(&key).filter(is_recent) {
            return committed;
        }
        let mut salt = [0; 16];
        clock::fill_random(&mut salt);
        let disclosure = Disclosure::new(salt, "source", &source.disclosed_text());
        let committed = Arc::new(CommittedSource {
            personal: Personal { subject, sha256: disclosure.sha256() },
            disclosure,
            made_at: now,
            stored: AtomicBool::new(false),
        });
        self.recent.insert(key, Arc::clone(&committed));
        committed
    }
}

impl CommittedSource {
    /// The disclosure, until it is known to be stored.
    pub fn unstored(&self) -> Option<(SubjectId, Disclosure)> {
        let stored = self.stored.load(Ordering::Acquire);
        (!stored).then(|| (self.personal.subject, self.disclosure.clone()))
    }

    pub fn mark_stored(&self) {
        self.stored.store(true, Ordering::Release);
    }
}
