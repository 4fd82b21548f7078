//! Records that can't be read.

use super::scan::Fault;

/// A record that is no JSON object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DecodeError {
    /// What is wrong, in one line.
    pub message: &'static str,
    /// Byte in the record.
    pub at: usize,
    /// The record ends too early: it is cut off.
    pub is_cut: bool,
}

impl DecodeError {
    pub(super) fn new(record: &str, fault: Fault) -> Self {
        Self { message: fault.what, at: fault.at, is_cut: fault.at >= record.trim_end().len() }
    }
}
