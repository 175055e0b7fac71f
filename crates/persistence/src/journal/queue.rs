//! What waits to be appended, by organization.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use countersign_domain::OrganizationId;
use tokio::sync::Notify;

use super::Request;
use crate::StoreError;

pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Notify,
    capacity: usize,
}

#[derive(Default)]
struct State {
    /// Organizations with waiting requests, none of them in flight, in the order in which they became ready.
    ready: VecDeque<OrganizationId>,
    waiting: HashMap<OrganizationId, VecDeque<Request>>,
    in_flight: HashSet<OrganizationId>,
    count: usize,
    closed: bool,
}

impl Queue {
    pub fn new(capacity: usize) -> Self {
        Self { state: Mutex::default(), arrived: Notify::new(), capacity }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many requests wait, and how many may.
    pub fn depth(&self) -> (usize, usize) {
        (self.state().count, self.capacity)
    }

    pub fn push(&self, request: Request) -> Result<(), StoreError> {
        {
            let mut state = self.state();
            if state.closed {
                return Err(StoreError::Unavailable("this process is shutting down".into()));
            }
            if state.count >= self.capacity {
                return Err(StoreError::Overloaded);
            }
            state.count += 1;
            let organization = request.append.organization;
            let waiting = state.waiting.entry(organization).or_default();
            waiting.push_back(request);
            if waiting.len() == 1 && !state.in_flight.contains(&organization) {
                state.ready.push_back(organization);
            }
        }
        self.arrived.notify_one();
        Ok(())
    }

    /// The next batch of at most `limit` requests, in the order of arrival within each organization; `None` once the
    /// queue is closed and empty. Its organizations are in flight until [`Queue::finish`].
    pub async fn take(&self, limit: usize) -> Option<Vec<Request>> {
        loop {
            let arrived = self.arrived.notified();
            {
                let mut state = self.state();
                let batch = state.take(limit);
                if !batch.is_empty() {
                    if !state.ready.is_empty() {
                        self.arrived.notify_one();
                    }
                    return Some(batch);
                }
                if state.closed && state.count == 0 {
                    self.arrived.notify_waiters();
                    return None;
                }
            }
            arrived.await;
        }
    }

    /// Ends the flight of a batch's organizations.
    pub fn finish(&self, organizations: impl IntoIterator<Item = OrganizationId>) {
        {
            let mut state = self.state();
            for organization in organizations {
                if state.in_flight.remove(&organization) && state.waiting.contains_key(&organization) {
                    state.ready.push_back(organization);
                }
            }
        }
        self.arrived.notify_one();
    }

    pub fn close(&self) {
        self.state().closed = true;
        self.arrived.notify_waiters();
        self.arrived.notify_one();
    }
}

impl State {
    fn take(&mut self, limit: usize) -> Vec<Request> {
        let mut batch = Vec::new();
        while batch.len() < limit {
            let Some(organization) = self.ready.pop_front() else { break };
            self.in_flight.insert(organization);
            if let Some(waiting) = self.waiting.get_mut(&organization) {
                let count = waiting.len().min(limit - batch.len());
                batch.extend(waiting.drain(..count));
                if waiting.is_empty() {
                    self.waiting.remove(&organization);
                }
            }
        }
        self.count -= batch.len();
        batch
    }
}
