//! Aggregates that go by the order of rows or by their times.

use crate::eval::{Place, Value};

/// The first so many values in the order of places (`list`, `first`), or the last one (`last`).
#[derive(Debug)]
pub(super) struct First {
    most: usize,
    last: bool,
    /// Sorted by place; values of one place in the order in which they came.
    kept: Vec<(Place, Value<'static>)>,
}

impl First {
    pub(super) fn new(most: usize, last: bool) -> Self {
        Self { most, last, kept: Vec::new() }
    }

    pub(super) fn take(&mut self, value: &Value<'_>, place: Place) {
        if self.wants(place) {
            self.insert(place, value.clone().into_static());
        }
    }

    fn wants(&self, place: Place) -> bool {
        match self.kept.last() {
            Some((p, _)) if self.last => place >= *p,
            Some((p, _)) => self.kept.len() < self.most || place < *p,
            None => true,
        }
    }

    fn insert(&mut self, place: Place, value: Value<'static>) {
        if self.last {
            self.kept.clear();
            self.kept.push((place, value));
            return;
        }
        let at = self.kept.partition_point(|(p, _)| *p <= place);
        self.kept.insert(at, (place, value));
        self.kept.truncate(self.most);
    }

    pub(super) fn merge(&mut self, other: First) {
        for (place, value) in other.kept {
            if self.wants(place) {
                self.insert(place, value);
            }
        }
    }

    pub(super) fn values(&self) -> impl Iterator<Item = Value<'static>> + '_ {
        self.kept.iter().map(|(_, value)| value.clone())
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Moment {
    Earliest,
    Latest,
}

/// The value of the earliest or the latest row.
#[derive(Debug)]
pub(super) struct Bound {
    moment: Moment,
    kept: Option<(f64, Place, Value<'static>)>,
}

impl Bound {
    pub(super) fn new(moment: Moment) -> Self {
        Self { moment, kept: None }
    }

    pub(super) fn take(&mut self, value: &Value<'_>, place: Place, time: Option<f64>) {
        if let Some(time) = time
            && self.wants(time, place)
        {
            self.kept = Some((time, place, value.clone().into_static()));
        }
    }

    fn wants(&self, time: f64, place: Place) -> bool {
        let Some((t, p, _)) = &self.kept else { return true };
        // Rows come newest first.
        match self.moment {
            Moment::Earliest => time < *t || (time == *t && place > *p),
            Moment::Latest => time > *t || (time == *t && place < *p),
        }
    }

    pub(super) fn merge(&mut self, other: Bound) {
        if let Some((time, place, value)) = other.kept
            && self.wants(time, place)
        {
            self.kept = Some((time, place, value));
        }
    }

    pub(super) fn value(&self) -> Value<'static> {
        self.kept.as_ref().map(|(_, _, value)| value.clone()).unwrap_or_default()
    }

    /// The value as a number, and its time.
    pub(super) fn number(&self) -> Option<(f64, f64)> {
        let (time, _, value) = self.kept.as_ref()?;
        Some((value.as_number()?, *time))
    }
}
