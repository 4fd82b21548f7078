//! Renders diagnostics: for a terminal, for a pipe, as JSON. Nothing here prints.

mod concise;
mod elsewhere;
mod excerpt;
mod full;
mod json;
mod paint;

pub use concise::concise;
pub use elsewhere::elsewhere;
pub use full::full;
pub use json::{Json, json};
pub use paint::{Paint, visible, width};
