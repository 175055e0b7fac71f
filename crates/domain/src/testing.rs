//! Services for tests: a clock that stands still, predictable randomness, commitments that can be read.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};

use jiff::Timestamp;

use crate::{DomainServices, Personal, SubjectId};

/// Deterministic [`DomainServices`].
#[derive(Debug)]
pub struct FixedServices {
    now: Timestamp,
    counter: AtomicU8,
    values: Mutex<HashMap<String, String>>,
}

impl FixedServices {
    /// Services whose clock stands at the given RFC 3339 instant.
    pub fn at(now: &str) -> Self {
        Self { now: now.parse().expect("an instant"), counter: AtomicU8::new(0), values: Mutex::default() }
    }
}

impl DomainServices for FixedServices {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        bytes.fill(self.counter.fetch_add(1, Ordering::Relaxed));
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
