//! The journal and the directory against a real PostgreSQL: order, atomicity, faults, and what other processes see.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod crash;
mod directory;
mod limits;
mod neighbours;
mod order;
mod outage;
mod proxy;
mod support;
