//! Letters in lower and upper case, one for one.
//!
//! Reading: where Unicode has several letters for one (`İ`, `ß`) or looks at what stands beside (`Σ`), the letter alone decides:
//! `İ` is `i` and `ß` stays, as in the engines that emitted queries run on.

/// The text in lower case.
pub fn lower(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect()
}

/// The text in upper case.
pub fn upper(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_uppercase();
    }
    let one = |c: char| {
        let mut letters = c.to_uppercase();
        match (letters.next(), letters.next()) {
            (Some(letter), None) => letter,
            _ => c,
        }
    };
    text.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_letter_is_mapped_alone() {
        assert_eq!(lower("ÄBc"), "äbc");
        assert_eq!(lower("İΑΣ"), "iασ");
        assert_eq!(upper("äß"), "Äß");
        assert_eq!(upper("abc"), "ABC");
    }
}
