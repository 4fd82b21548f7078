//! Near misses and neighbours of a record.

use super::given::{Env, Given};
use super::reading::Reading;
use super::solve;

/// Breaks one condition, or changes a field that one reads.
pub(super) fn miss(reading: &Reading, env: &mut Env<'_>) {
    let Some(condition) = env.rng.pick(&reading.conditions) else { return };
    if env.rng.chance(35) {
        return solve::want(condition, false, env);
    }
    let columns = condition.columns();
    let Some(path) = env.rng.pick(&columns).map(ToString::to_string) else { return };
    let text = match env.given.get(&path) {
        Some(Given::One(text)) => text.clone(),
        Some(Given::Many(values)) => values.first().cloned().unwrap_or_default(),
        Some(Given::Absent | Given::Null) | None => env.chance_text(&path),
    };
    let several = env.ty(&path).multivalue;
    let value = match env.rng.below(10) {
        0 => Given::Absent,
        1 => Given::Null,
        2 => Given::One(String::new()),
        3 if several => Given::Many(Vec::new()),
        4 if several => Given::Many(vec![env.chance_text(&path), text, env.chance_text(&path)]),
        5 if several => Given::Many(vec![text.clone(), text]),
        _ => Given::One(nearly(&text, env)),
    };
    env.set(&path, value);
}

/// A text that differs in little.
fn nearly(text: &str, env: &mut Env<'_>) -> String {
    if let Ok(number) = text.parse::<f64>() {
        let by = [1.0, -1.0, 0.5, 0.0][env.rng.below(4)];
        return (number + by).to_string();
    }
    let half = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
    match env.rng.below(7) {
        0 => text.to_uppercase(),
        1 => text.to_lowercase(),
        2 => format!("{text}x"),
        3 => format!("x{text}"),
        4 => text.chars().skip(1).collect(),
        5 => format!("{}-{}", &text[..half], &text[half..]),
        _ => {
            let mut short = text.to_owned();
            short.pop();
            short
        }
    }
}

/// Another record of the same burst: some of the fields that no condition has set are chosen anew.
pub(super) fn neighbour(reading: &Reading, env: &mut Env<'_>) {
    let free = env.free.clone();
    let few = if env.rng.chance(50) { 1 } else { free.len() / 3 };
    for _ in 0..few {
        if let Some(path) = env.rng.pick(&free) {
            env.by_chance(path);
        }
    }
    if !reading.wishes.is_empty() && env.rng.chance(40) {
        let wish = env.rng.below(reading.wishes.len());
        let truth = env.rng.chance(60);
        let before = env.given.clone();
        solve::want(&reading.wishes[wish], truth, env);
        // What a condition has set stays.
        for (path, value) in before {
            if !free.contains(&path) {
                env.given.insert(path, value);
            }
        }
    }
}
