//! Trees that are made at random.

use std::cell::RefCell;
use std::collections::BTreeSet;

use rulecast::source::Span;
use rulecast::spl::command::{Command, Search, Where};
use rulecast::spl::{Pipeline, Stage};

use crate::commands::{command, pipeline};
use crate::expressions::{eval, search};
use crate::library::same_after_printing;
use crate::run::hold;

fn only(command: Command) -> Pipeline {
    Pipeline { stages: vec![Stage { command, span: Span::default() }], span: Span::default() }
}

#[test]
fn conditions_stay_the_same() {
    hold(1_500, &search(), |condition| same_after_printing(&only(Command::Search(Search { condition }))));
}

#[test]
fn expressions_stay_the_same() {
    hold(1_500, &eval(), |condition| same_after_printing(&only(Command::Where(Where { condition }))));
}

#[test]
fn stages_stay_the_same() {
    let seen = RefCell::new(BTreeSet::new());
    hold(2_500, &command(), |ast| {
        seen.borrow_mut().extend(ast.stages.iter().map(|s| s.command.name()));
        same_after_printing(&ast)
    });
    assert!(seen.borrow().len() >= 70, "commands that were tried: {:?}", seen.borrow());
}

#[test]
fn whole_searches_stay_the_same() {
    hold(400, &pipeline(), |ast| same_after_printing(&ast));
}
