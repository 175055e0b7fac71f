//! The clock and the source of randomness: the only places where the outside world's are read.

use std::cell::RefCell;
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

/// How many identifiers' random bits are fetched at once.
const IDS_AT_ONCE: usize = 64;

thread_local! {
    /// Random bits for the next identifiers, with how many were used up: asking the operating system takes longer than
    /// all the rest of making one.
    static STOCK: RefCell<([[u8; 10]; IDS_AT_ONCE], usize)> = const { RefCell::new(([[0; 10]; IDS_AT_ONCE], IDS_AT_ONCE)) };
}

/// A new identifier outside a unit of work (UUID version 7). For names, not for secrets.
pub fn new_id() -> Uuid {
    let random = STOCK.with_borrow_mut(|(stock, used)| {
        if *used == IDS_AT_ONCE {
            fill_random(stock.as_flattened_mut());
            *used = 0;
        }
        *used += 1;
        stock[*used - 1]
    });
    let millis = u64::try_from(now().as_millisecond()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}
