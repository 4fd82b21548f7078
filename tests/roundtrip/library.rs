//! Real searches.

use std::path::{Path, PathBuf};

use rulecast::SourceFile;
use rulecast::diagnostic::Sink;
use rulecast::rule::{Library, Rule, ScalarMap, Search};
use rulecast::source::Span;
use rulecast::spl;

use crate::support::{corpus, read_library, yaml_files};

/// Parses what is printed, in one line and in several; what is not the same.
pub(crate) fn same_after_printing(ast: &spl::Pipeline) -> Result<(), String> {
    for printed in [ast.to_string(), format!("{ast:#}")] {
        let mut sink = Sink::default();
        let Ok(again) = spl::parse_expanded(&printed, &mut sink) else {
            let said: Vec<&str> = sink.diagnostics().iter().map(|d| d.message.as_str()).collect();
            return Err(format!("can't be parsed, {said:?}:\n{printed}"));
        };
        if again != *ast {
            return Err(format!("another meaning:\n{printed}\n{again}\n{ast:#?}\n{again:#?}"));
        }
        if again.to_string() != ast.to_string() {
            return Err(format!("printed in two ways:\n{ast}\n{again}"));
        }
    }
    Ok(())
}

fn assert_same_after_printing(ast: &spl::Pipeline, what: &str) {
    if let Err(difference) = same_after_printing(ast) {
        panic!("{what}: {difference}");
    }
}

pub(crate) fn rules_of(folder: &Path) -> Vec<(PathBuf, Rule)> {
    let mut rules = Vec::new();
    for path in yaml_files(&folder.join("detections")) {
        let file = SourceFile::from_bytes(path.display().to_string(), std::fs::read(&path).expect("a readable file"));
        rules.extend(Rule::parse(&file, &mut Sink::default()).map(|rule| (path, rule)));
    }
    rules
}

/// Prints every search that parses; gives how many there are.
fn check_rules(folder: &Path, library: &Library) -> usize {
    let mut parsed = 0;
    for (path, rule) in rules_of(folder) {
        let what = path.display().to_string();
        let Ok(ast) = spl::parse(&rule.search, library, &mut Sink::default()) else { continue };
        assert_same_after_printing(&ast, &what);
        // A printed search is a search of a rule, too.
        let again = search(&ast.to_string());
        assert_eq!(spl::parse(&again, &Library::default(), &mut Sink::default()).as_ref(), Ok(&ast), "{what}");
        parsed += 1;
    }
    parsed
}

fn search(text: &str) -> Search {
    let map = ScalarMap::identity(0, text.len() as u32);
    Search { text: text.to_owned(), map, span: Span::default() }
}

/// Definitions that are stages or whole searches; what stands for arguments stays as it is.
fn check_macros(library: &Library) -> usize {
    let mut parsed = 0;
    for entry in library.macros.values() {
        let definition = entry.definition.trim().trim_start_matches('|');
        for text in [format!("| {definition}"), definition.to_owned()] {
            if let Ok(ast) = spl::parse(&search(&text), library, &mut Sink::default()) {
                assert_same_after_printing(&ast, &entry.name);
                parsed += 1;
            }
        }
    }
    parsed
}

#[test]
pub(crate) fn rules_of_the_repository_stay_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let library = read_library(&folder);
    let files = yaml_files(&folder.join("detections")).len();
    assert_eq!(check_rules(&folder, &library), files, "every example parses");
    assert!(check_macros(&library) > 0, "some macro is a search");
}

#[test]
pub(crate) fn rules_of_the_corpus_stay_the_same() {
    let Some(folder) = corpus() else {
        println!("skipped: there is no corpus beside the repository");
        return;
    };
    let library = read_library(&folder);
    let (rules, macros) = (check_rules(&folder, &library), check_macros(&library));
    println!("{rules} rules and {macros} macros");
    assert!(rules > 1_000 && macros > 100, "{rules} rules and {macros} macros");
}

/// Fenced blocks of the documents and of the tests of meaning, marked `spl`; those that are no whole search are left out.
#[test]
fn searches_of_the_documents_stay_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = read_library(&root.join("rules"));
    for (folder, least) in [("docs", 30), ("tests/semantics", 5)] {
        let mut parsed = 0;
        for entry in std::fs::read_dir(root.join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_none_or(|e| e != "md") {
                continue;
            }
            for text in fenced(&std::fs::read_to_string(&path).expect("a readable file")) {
                if let Ok(ast) = spl::parse(&search(&text), &library, &mut Sink::default()) {
                    assert_same_after_printing(&ast, &path.display().to_string());
                    parsed += 1;
                }
            }
        }
        assert!(parsed >= least, "{folder} has {parsed} searches");
    }
}

fn fenced(text: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside && line.starts_with("```spl");
            if inside {
                blocks.push(String::new());
            }
        } else if inside && let Some(block) = blocks.last_mut() {
            block.push_str(line);
            block.push('\n');
        }
    }
    blocks
}
