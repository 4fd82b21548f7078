//! `min` and `max`: by number where all values are numbers, else as text.

use crate::eval::Value;

#[derive(Debug)]
pub(super) struct Extreme {
    greatest: bool,
    /// While all values are numbers.
    number: Option<(f64, Value<'static>)>,
    text: Option<Value<'static>>,
    has_words: bool,
}

impl Extreme {
    pub(super) fn new(greatest: bool) -> Self {
        Self { greatest, number: None, text: None, has_words: false }
    }

    pub(super) fn take(&mut self, value: &Value<'_>) {
        match value.as_number() {
            Some(n) if !self.has_words => {
                if self.wants_number(n, value) {
                    self.number = Some((n, value.clone().into_static()));
                }
            }
            Some(_) => {}
            None => self.has_words = true,
        }
        // As text the numbers count too, if a word comes later.
        if self.wants_text(value) {
            self.text = Some(value.clone().into_static());
        }
    }

    fn wants_number(&self, n: f64, value: &Value<'_>) -> bool {
        let Some((kept, kept_value)) = &self.number else { return true };
        // Of the forms of one number the least as text, whichever came first.
        if n == *kept {
            return value.to_text() < kept_value.to_text();
        }
        (n > *kept) == self.greatest
    }

    fn wants_text(&self, value: &Value<'_>) -> bool {
        let Some(kept) = &self.text else { return true };
        let order = value.to_text().cmp(&kept.to_text());
        if self.greatest { order.is_gt() } else { order.is_lt() }
    }

    pub(super) fn merge(&mut self, other: Extreme) {
        self.has_words |= other.has_words;
        if let Some((n, value)) = other.number
            && self.wants_number(n, &value)
        {
            self.number = Some((n, value));
        }
        if let Some(value) = other.text
            && self.wants_text(&value)
        {
            self.text = Some(value);
        }
    }

    pub(super) fn value(&self) -> Value<'static> {
        let kept = if self.has_words { self.text.as_ref() } else { self.number.as_ref().map(|(_, v)| v) };
        kept.cloned().unwrap_or_default()
    }
}
