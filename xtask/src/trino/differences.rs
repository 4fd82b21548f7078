//! The differences that approximate outputs are known to have: `verify/trino/differences.toml`.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use rulecast::diagnostic::{Diagnostic, code};
use rulecast::target::Fidelity;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    difference: Vec<Entry>,
}

/// Rules that differ for one reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Names of the rules' files, without extension.
    rules: Vec<String>,
    /// The code of the diagnostic that tells of it.
    code: String,
    /// What occurs in its message.
    text: String,
    /// Why the rows differ and can't be equal.
    #[allow(dead_code)]
    why: String,
}

pub(crate) struct Differences {
    entries: Vec<Entry>,
    /// By entry and rule: whether a run needed it.
    used: Vec<Vec<AtomicBool>>,
}

impl Differences {
    pub(crate) fn read(path: &Path) -> Result<Differences> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let file: File = toml::from_str(&text).with_context(|| path.display().to_string())?;
        let used = file.difference.iter().map(|e| e.rules.iter().map(|_| AtomicBool::new(false)).collect()).collect();
        Ok(Differences { entries: file.difference, used })
    }

    /// Whether an entry names the rule, and one of the output's diagnostics says what the entry says. For an exact output only
    /// a reading counts: Splunk itself leaves the rows open.
    pub(crate) fn covers(&self, rule: &str, fidelity: Fidelity, diagnostics: &[Diagnostic]) -> bool {
        let mut covered = false;
        for (entry, used) in self.entries.iter().zip(&self.used) {
            let Some(at) = entry.rules.iter().position(|r| r == rule) else { continue };
            let counts = fidelity == Fidelity::Approximate || entry.code == code::READING.id;
            if counts && diagnostics.iter().any(|d| d.code.id == entry.code && d.message.contains(&entry.text)) {
                used[at].store(true, Ordering::Relaxed);
                covered = true;
            }
        }
        covered
    }

    /// Entries that no run needed.
    pub(crate) fn stale(&self) -> Vec<String> {
        let mut stale = Vec::new();
        for (entry, used) in self.entries.iter().zip(&self.used) {
            for (rule, used) in entry.rules.iter().zip(used) {
                if !used.load(Ordering::Relaxed) {
                    stale.push(format!("{rule} ({}: {})", entry.code, entry.text));
                }
            }
        }
        stale
    }
}
