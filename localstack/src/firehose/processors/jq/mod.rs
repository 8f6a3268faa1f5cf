//! `MetadataExtraction` with the engine `JQ-1.6`: partition keys from a record by a jq query.
//!
//! The interpreter is `jaq`. A query comes from a user and its input from anybody, so both may be hostile:
//! [`budget`] bounds work and memory, [`run`] the stack and, as the last resort, the time.

mod budget;
mod functions;
mod run;
mod value;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::Term;
use jaq_core::load::{Arena, File, Loader, parse};
use jaq_core::{Compiler, Ctx, Filter, Vars};
use jaq_json::Val;

use self::functions::{Counted, Table};
use super::partition::Keys;

/// A query, compiled.
#[derive(Clone)]
pub(crate) struct Query {
    text: Arc<str>,
    filter: Arc<Filter<Counted>>,
    /// The keys it is seen to produce; `None` when it is not a plain object.
    keys: Option<Vec<String>>,
}

impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Query").field(&self.text).finish()
    }
}

/// Why a query gave no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoKeys {
    /// The record is not one JSON value.
    NotJson,
    /// A value is null, empty or no scalar, or the query gives no object.
    Empty,
    /// The query ended with an error.
    Failed,
    /// The query did not come to an end within its budget.
    Spent,
}

impl NoKeys {
    /// The message in the error output. AWS's words are known of the first two (?).
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::NotJson => "Non JSON record provided",
            Self::Empty => "partitionKeys values must not be null or empty",
            Self::Failed => "The metadata extraction query ended with an error for the record",
            Self::Spent => "The metadata extraction query did not come to an end for the record",
        }
    }
}

impl Query {
    /// Compiles a query; `None` when it is not one.
    pub(crate) fn compile(text: &str) -> Option<Self> {
        let source = text.to_owned();
        let (filter, keys) = run::aside(move || Some((compiled(&source)?, keys(&source))))??;
        Some(Self { text: text.into(), filter: Arc::new(filter), keys })
    }

    /// The keys the query is seen to produce; `None` when it is not a plain object.
    pub(crate) fn keys(&self) -> Option<&[String]> {
        self.keys.as_deref()
    }

    /// The keys of each record. Blocks: not for an async worker. `now` is in seconds since the epoch.
    pub(crate) fn extract(&self, records: Vec<Bytes>, now: f64) -> Vec<Result<Keys, NoKeys>> {
        let filter = Arc::clone(&self.filter);
        let extracted = run::each(records, run::LONGEST, move |record| evaluated(&filter, record, now));
        extracted.into_iter().map(|keys| keys.unwrap_or(Err(NoKeys::Spent))).collect()
    }
}

fn compiled(text: &str) -> Option<Filter<Counted>> {
    let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let arena = Arena::default();
    let program = File { code: text, path: () };
    let modules = Loader::new(definitions).load(&arena, program).ok()?;
    Compiler::default().with_funs(functions::all()).compile(modules).ok()
}

fn keys(text: &str) -> Option<Vec<String>> {
    let Term::Obj(members) = parse(text, |parser| parser.term())? else { return None };
    members.into_iter().map(|(key, _)| name(key)).collect()
}

/// The name of a member that is written out.
fn name(key: Term<&str>) -> Option<String> {
    match key {
        Term::Str(None, parts) => parts
            .into_iter()
            .map(|part| match part {
                StrPart::Str(text) => Some(text.to_owned()),
                StrPart::Char(character) => Some(character.to_string()),
                StrPart::Term(_) => None,
            })
            .collect(),
        Term::Var(name) => Some(name.trim_start_matches('$').to_owned()),
        _ => None,
    }
}

fn evaluated(filter: &Filter<Counted>, record: &[u8], now: f64) -> Result<Keys, NoKeys> {
    let run = || {
        budget::renew(now);
        let input = functions::parse(record).ok_or(NoKeys::NotJson)?;
        let context = Ctx::<Counted>::new(Table(&filter.lut), Vars::new([]));
        let first = filter.id.run((context, input)).next().ok_or(NoKeys::Empty)?;
        let keys = pairs(&first.map_err(|_| NoKeys::Failed)?);
        budget::renew(now);
        keys
    };
    // A spent budget unwinds. So would a defect of the interpreter, which then costs this record alone.
    catch_unwind(AssertUnwindSafe(run)).unwrap_or(Err(NoKeys::Spent))
}

/// The keys an object holds, as text.
fn pairs(object: &value::Value) -> Result<Keys, NoKeys> {
    let Val::Obj(members) = object.val() else { return Err(NoKeys::Empty) };
    let mut keys = Keys::new();
    for (key, value) in members.iter() {
        let scalar = matches!(value, Val::TStr(_) | Val::Num(_) | Val::Bool(_));
        let text = value::Value::weighed(value.clone()).text();
        if !scalar || text.is_empty() {
            return Err(NoKeys::Empty);
        }
        keys.insert(value::Value::weighed(key.clone()).text(), text);
    }
    Ok(keys)
}

#[cfg(test)]
mod tests;
