//! Rewrites of the IR that keep its meaning.
