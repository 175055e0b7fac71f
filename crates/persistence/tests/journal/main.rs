//! The journal and the directory against a real PostgreSQL: order, atomicity, faults, and what other processes see.

// The nesting of async closures in async closures.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]
#![allow(clippy::print_stdout, reason = "figures, shown with --nocapture; and how a child process tells of itself")]

mod crash;
mod directory;
mod limits;
mod neighbours;
mod order;
mod outage;
mod proxy;
mod support;
