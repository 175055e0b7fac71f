//! The journal as evidence: the exact bytes of a record, their leaf hash, and the salted disclosures of personal data.
//!
//! Nothing here does I/O. `docs/journal-format.md` describes the format for readers who write their own verifier.

pub mod disclosure;
pub mod leaf;
pub mod record;

pub use disclosure::Disclosure;
pub use leaf::LeafHash;
pub use record::{Commitment, Record, RecordError};
