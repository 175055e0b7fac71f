//! The clock and the source of randomness: the only places where the outside world's are read.

use std::time::Instant;

use jiff::Timestamp;
use uuid::Uuid;

/// The current instant in whole microseconds, which is what records and the database hold.
pub fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}

/// The monotonic clock, for leases and timeouts.
pub(crate) fn monotonic() -> Instant {
    Instant::now()
}

/// Fills `bytes` from the operating system's cryptographically secure source.
///
/// # Panics
/// When the operating system has no randomness to give: nothing safe can be done then.
pub fn fill_random(bytes: &mut [u8]) {
    #[expect(clippy::disallowed_methods, clippy::expect_used, reason = "the one place where randomness is read")]
    getrandom::fill(bytes).expect("the operating system's source of randomness works");
}

/// A new identifier outside a unit of work (UUID version 7).
pub fn new_id() -> Uuid {
    let mut random = [0; 10];
    fill_random(&mut random);
    let millis = u64::try_from(now().as_millisecond()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}
