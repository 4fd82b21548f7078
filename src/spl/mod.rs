//! The SPL front end: macro expansion, parsing, and lowering into the IR.
use crate::diagnostic::{Reported, Sink};
use crate::ir::Query;
use crate::options::Options;
use crate::rule::{Library, Rule, Search};
use crate::schema::Schemas;

#[derive(Clone, Debug)]
pub struct Pipeline;

pub fn parse(_: &Search, _: &Library, _: &mut Sink) -> Result<Pipeline, Reported> {
    Err(Reported)
}

pub fn lower(_: &Pipeline, _: &Rule, _: &Library, _: &Schemas, _: &Options, _: &mut Sink) -> Result<Query, Reported> {
    Err(Reported)
}
