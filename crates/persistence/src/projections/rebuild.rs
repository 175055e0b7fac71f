//! Rebuilding projections from the journal.
