//! The IR as text, for `--emit ir` and snapshots.
