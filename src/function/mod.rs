//! SPL eval functions.
