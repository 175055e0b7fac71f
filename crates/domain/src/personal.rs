//! Personal data in events: never the value, only a salted commitment to it.

use serde::{Deserialize, Serialize};

use crate::SubjectId;

/// A salted SHA-256 commitment to a person's data, and whose data it is. Made and opened by
/// [`crate::DomainServices`]; the value itself is never part of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personal {
    /// Whose data it is; erasing the subject destroys the disclosure.
    pub subject: SubjectId,
    /// Base64url (unpadded) SHA-256 of the disclosure string, as in SD-JWT (RFC 9901 section 4.2.3).
    pub sha256: String,
}
