//! What OAuth endpoints answer when they refuse, for the OpenAPI document. What is wrong with a request (400) each says
//! itself.

use crate::responses::{Body, RETRY_AFTER, Shared, response_sets};

const CLIENT_UNKNOWN: Shared =
    ("401", "The client could not be authenticated", &[("WWW-Authenticate", "`Basic` with realm")]);
const NO_ORGANIZATION: Shared = ("404", "There is no such organization", &[]);
const TOO_LARGE: Shared = ("413", "The body is too long", &[]);
const THROTTLED: Shared = (
    "429",
    "Too many failed authentications came from there; credentials that are known to be right are served all the same",
    &[RETRY_AFTER],
);
const AWAY: Shared = ("503", "The database is away or the server busy", &[RETRY_AFTER]);

response_sets! {
    Body::Document("application/json", "ErrorDocument");
    /// What reading may answer.
    ReadErrors = [NO_ORGANIZATION, AWAY];
    /// What a form may answer that anybody may send.
    FormErrors = [NO_ORGANIZATION, TOO_LARGE, AWAY];
    /// What a form may answer that clients send.
    ClientErrors = [CLIENT_UNKNOWN, NO_ORGANIZATION, TOO_LARGE, THROTTLED, AWAY];
}
