//! The table of diagnostic codes. Letters go by stage: R rule file, M macros, S syntax, N names and schemas,
//! C capability (what a target or the compiler cannot say), T target files, E events and runs over them. A code is never
//! reused.

use super::{Effect, Severity};

/// A kind of diagnostic.
#[derive(PartialEq, Eq, Debug)]
pub struct Code {
    /// E.g. `S203`.
    pub id: &'static str,
    constant: &'static str,
    pub severity: Severity,
    pub effect: Effect,
    /// What it means, in a sentence.
    pub summary: &'static str,
}

macro_rules! codes {
    ($($id:ident $name:ident $severity:ident $effect:ident $summary:literal;)*) => {
        $(
            #[doc = $summary]
            pub static $name: Code = Code {
                id: stringify!($id),
                constant: stringify!($name),
                severity: Severity::$severity,
                effect: Effect::$effect,
                summary: $summary,
            };
        )*
        /// Every code, in the order of the table.
        pub static ALL: &[&Code] = &[$(&$name),*];
    };
}

impl Code {
    /// The name as users read it, e.g. `unknown-command`.
    pub fn name(&self) -> String {
        self.constant.to_lowercase().replace('_', "-")
    }
}

codes! {
    R001 INVALID_YAML Error Invalid "the file is not valid YAML";
    R002 DUPLICATE_KEY Error Invalid "a key stands twice in one mapping";
    R003 MISSING_KEY Error Invalid "a required key is missing";
    R004 WRONG_TYPE Error Invalid "a key's value has the wrong type";
    R005 UNKNOWN_KEY Note None "a key that no layout of the rule library has; it is kept and not used";
    R006 INVALID_UTF8 Error Invalid "the file is not UTF-8";
    R007 FILE_TOO_LARGE Error Invalid "the file is larger than a rule can be";
    R008 NESTED_TOO_DEEP Error Invalid "the YAML or the search is nested too deeply";
    R009 UNREADABLE_FILE Error Invalid "the file can't be read";
    R010 INVALID_CONTENT Warning None "a macro, lookup or deployment of the content folder can't be used";
    R011 DUPLICATE_NAME Warning None "two rules have the same output name, or two definitions of the content folder the same name";
    R012 NO_RULE Error Invalid "the path holds no rule";
    R013 EXTRA_DOCUMENT Note None "only the first YAML document of a rule file is read";
    R014 DRILLDOWN Warning None "a drilldown search is malformed";

    M101 UNKNOWN_MACRO Error Invalid "no macro has this name";
    M102 MACRO_ARITY Error Invalid "the macro exists, but not with this number of arguments";
    M103 MACRO_RECURSION Error Invalid "the macro expands to itself";
    M104 MACRO_SYNTAX Error Invalid "the macro call is malformed";
    M105 MACRO_TOO_LARGE Error Invalid "the expanded search is too large";
    M106 MACRO_EVAL Error Unsupported "a macro computed by `eval` can't be computed here";
    M107 FILTER_HOOK Note None "a tuning hook that the content folder does not define; it keeps every row";

    S201 SYNTAX Error Invalid "the search is not well-formed SPL";
    S202 UNBALANCED_QUOTE Error Invalid "a quotation mark has no partner";
    S203 UNKNOWN_COMMAND Error Invalid "SPL has no such command";
    S204 UNSUPPORTED_COMMAND Error Unsupported "an SPL command that is not implemented";
    S205 UNKNOWN_FUNCTION Error Invalid "SPL has no such function";
    S206 WRONG_ARGUMENTS Error Invalid "a function's or command's arguments do not fit it";
    S207 UNSUPPORTED_OPTION Error Unsupported "an option that changes the meaning is not implemented";
    S208 UNSUPPORTED_FUNCTION Error Unsupported "an SPL function that is not implemented";
    S209 UNBALANCED_BRACKET Error Invalid "a bracket has no partner";
    S210 INVALID_REGEX Error Invalid "a regular expression is malformed";
    S211 UNSUPPORTED_SYNTAX Error Unsupported "SPL that is not implemented";

    N301 NO_SOURCE Error Unsupported "the search names no log source";
    N302 UNKNOWN_SOURCE Error Unsupported "no schema describes this log source";
    N303 UNKNOWN_FIELD Warning None "the schema does not know this field; it is read from the raw JSON";
    N304 ABSENT_FIELD Warning None "the field does not exist at this point, so it is always null";
    N305 FIELD_PROFILE Note None "the meaning of a field depends on the version of the Splunk add-on";
    N307 INVALID_SCHEMA Error Invalid "a schema file is malformed";
    N308 SOURCE_CONSTRAINT Note None "a condition that chooses the data source in Splunk; here the schema chooses it";
    N309 WILDCARD_FIELDS Error Unsupported "the names that a field wildcard stands for are not known";
    N310 TYPE_MISMATCH Error Invalid "an operand has a type that the operator does not take";
    N312 UNPARSED_FIELD Error Unsupported "the field has no place in the target's table";

    N314 LOOKUP_TABLE Warning Approximate "the rows of a lookup are not known; a table of the target stands for them";
    N320 DATA_SOURCE Note None "the search names no log source that a schema describes; the rule's `data_source` does";

    C401 NO_TIME_WINDOW Error Unsupported "the query has no time window and would read the whole table";
    C402 UNSUPPORTED_BY_TARGET Error Unsupported "the target's language can't say this";
    C403 APPROXIMATION Warning Approximate "the target's result can differ";
    C404 SHAPE_NOT_KEPT Note None "the same events are selected, but the output has another shape";
    C405 NEEDS_OUTSIDE Error Unsupported "the meaning depends on something outside the query";
    C406 SEARCH_LIMIT Note None "a limit of Splunk's on rows or time that the target does not have";
    C407 QUERY_TOO_LONG Error Unsupported "the query is longer than the target accepts";
    C408 READING Note None "where the manuals are silent: the reading that was chosen";
    C409 ALTERED_BY_WRITE Warning Approximate "the rule also writes a table in Splunk; here it does not";
    C410 EMPTY_RESULT Warning None "the condition can never be true";
    C411 LOOKUP_IN_TABLE Note None "a lookup is too large for the query: a table of the target must hold its rows";

    T501 INVALID_TEMPLATE Error Unsupported "an output template fails";
    T502 INTERNAL Error Unsupported "a fault of the compiler; please report it";

    E601 INVALID_RECORD Error None "a record of the events can't be read";
    E602 UNKNOWN_RECORD Warning None "no schema recognises a record of the events";
    E603 UNREADABLE_TIME Warning None "the time of a record can't be read";
    E604 UNREADABLE_EVENTS Error None "a file of events can't be read";
    E605 NOT_RUN Error None "the rule can't be run to its end on these events";
    E606 RUN_NOTE Note None "what the evaluator did where the rule leaves a choice";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_are_unique() {
        let mut ids: Vec<_> = ALL.iter().map(|c| c.id).collect();
        let mut names: Vec<_> = ALL.iter().map(|c| c.constant).collect();
        ids.sort_unstable();
        names.sort_unstable();
        ids.dedup();
        names.dedup();
        assert_eq!((ids.len(), names.len()), (ALL.len(), ALL.len()));
    }
}
