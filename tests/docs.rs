//! The documents say what the program does: their examples are compiled, their tables compared.
//!
//! `RULECAST_UPDATE_DOCS=1 cargo test --test docs` rewrites the generated parts; read the difference before committing it.

mod docs {
    mod content;
    mod diagnostics;
    mod links;
    mod markdown;
    mod readme;
    mod schemas;
    mod searches;
}
