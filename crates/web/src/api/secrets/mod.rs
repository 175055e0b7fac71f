//! The secrets of a third party's client: the current one and, while it is replaced, its successor.

pub(super) mod add;
pub(super) mod remove;
