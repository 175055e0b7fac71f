//! Services for tests: a clock that stands still, predictable randomness, commitments that can be read.
#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "tests panic; that is how they fail")]

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;

use crate::{DomainServices, Personal, SubjectId};

/// Deterministic [`DomainServices`].
#[derive(Debug)]
pub struct FixedServices {
    now: Timestamp,
    counter: AtomicU64,
    values: Mutex<HashMap<String, String>>,
}

impl FixedServices {
    /// Services whose clock stands at the given RFC 3339 instant.
    pub fn at(now: &str) -> Self {
        Self { now: now.parse().expect("an instant"), counter: AtomicU64::new(0), values: Mutex::default() }
    }

    /// Forgets everything about a person, as erasing the disclosures does.
    pub fn erase(&self, subject: SubjectId) {
        let prefix = format!("{subject}/");
        self.values.lock().expect("not poisoned").retain(|commitment, _| !commitment.starts_with(&prefix));
    }
}

impl DomainServices for FixedServices {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        let count = self.counter.fetch_add(1, Ordering::Relaxed).to_le_bytes();
        for (byte, value) in bytes.iter_mut().zip(count.into_iter().cycle()) {
            *byte = value;
        }
    }

    fn commit(&self, subject: SubjectId, label: &'static str, value: &str) -> Personal {
        let sha256 = format!("{subject}/{label}/{value}");
        self.values.lock().expect("not poisoned").insert(sha256.clone(), value.to_owned());
        Personal { subject, sha256 }
    }

    fn reveal(&self, personal: &Personal) -> Option<String> {
        self.values.lock().expect("not poisoned").get(&personal.sha256).cloned()
    }
}
