//! PostgreSQL for Countersign: the journal with its group commit, units of work, projections, the directory, migrations
//! and the private server of `countersign dev` and the tests.
//!
//! Only this crate speaks to the database.

pub mod clock;
mod data_keys;
pub mod directory;
mod error;
pub mod health;
pub mod jobs;
pub mod journal;
pub mod migrate;
pub mod pool;
pub mod private_postgres;
pub mod projections;
pub mod queries;
pub mod readiness;
pub mod sealing;
pub mod sign_in;
pub mod sources;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod unit_of_work;
pub mod usage;
pub mod verifiers;

pub use directory::Directory;
pub use error::StoreError;
pub use sources::Source;
pub use store::{Store, StoreOptions};
pub use unit_of_work::{ChangeError, Context, UnitOfWork, Via};
