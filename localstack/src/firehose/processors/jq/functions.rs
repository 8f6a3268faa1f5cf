//! The functions a query may call: those of jq 1.6 that `jaq` has, save the ones that end or spy on the process.

use jaq_core::native::{Filter, Fun, bome, run, unary, v};
use jaq_core::{DataT, Error, Lut, RunPtr, ValT as _};
use jaq_json::Val;

use super::budget;
use super::value::{Value, kind};

/// Functions of the standard library that are replaced: one ends the process, one shows its environment, one reads a
/// clock that is not the endpoint's.
const REPLACED: [&str; 3] = ["halt", "env", "now"];

/// Programs over [`Value`] whose every step is counted.
pub(super) struct Counted;

/// The data a program runs with: its table of terms, where each look is a step.
#[derive(Clone, Copy)]
pub(super) struct Table<'a>(pub(super) &'a Lut<Counted>);

impl DataT for Counted {
    type V<'a> = Value;
    type Data<'a> = Table<'a>;
}

impl<'a> jaq_core::data::HasLut<'a, Counted> for Table<'a> {
    fn lut(&self) -> &'a Lut<Counted> {
        budget::step();
        self.0
    }
}

/// All functions.
pub(super) fn all() -> impl Iterator<Item = Fun<Counted>> {
    let standard = jaq_std::funs().filter(|(name, ..)| !REPLACED.contains(name));
    jaq_core::funs().chain(standard).chain(own().into_iter().map(run::<Counted>))
}

fn own() -> [Filter<RunPtr<Counted>>; 9] {
    [
        ("halt", v(1), |_| bome(Err(Error::str("halt is not offered")))),
        ("env", v(0), |_| bome(Value::from_map([]))),
        ("now", v(0), |_| bome(Ok(Value::from(budget::now())))),
        ("fromjson", v(0), |cv| bome(from_json(&cv.1))),
        ("tojson", v(0), |cv| bome(Ok(Value::from(cv.1.to_string())))),
        ("length", v(0), |cv| bome(length(&cv.1))),
        ("has", v(1), |cv| unary(cv, |value, key| has(&value, &key))),
        ("contains", v(1), |cv| unary(cv, |value, part| Ok(Value::from(contains(value.val(), part.val()))))),
        ("indices", v(1), |cv| unary(cv, |value, part| indices(&value, &part))),
    ]
}

/// A value from JSON text; `None` when it is none, or nested too deeply.
pub(super) fn parse(text: &[u8]) -> Option<Value> {
    serde_json::from_slice::<serde_json::Value>(text).ok().map(|json| Value::weighed(converted(json)))
}

fn converted(json: serde_json::Value) -> Val {
    use serde_json::Value as Json;
    match json {
        Json::Null => Val::Null,
        Json::Bool(truth) => Val::Bool(truth),
        Json::Number(number) => match number.as_i64().and_then(|whole| isize::try_from(whole).ok()) {
            Some(whole) => Val::from(whole),
            None => Val::from(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Val::from(text),
        Json::Array(items) => items.into_iter().map(converted).collect(),
        Json::Object(members) => {
            Val::obj(members.into_iter().map(|(key, value)| (Val::from(key), converted(value))).collect())
        }
    }
}

fn from_json(value: &Value) -> Result<Value, Error<Value>> {
    let text = match value.val() {
        Val::TStr(text) => text,
        _ => return Err(Error::str(format!("{} is no JSON text", kind(value)))),
    };
    parse(text).ok_or_else(|| Error::str("the text is not JSON"))
}

fn length(value: &Value) -> Result<Value, Error<Value>> {
    match value.val() {
        Val::Null => Ok(Value::from(0_usize)),
        Val::Num(_) if *value < Value::from(0_usize) => -value.clone(),
        Val::Num(_) => Ok(value.clone()),
        Val::TStr(text) => Ok(Value::from(String::from_utf8_lossy(text).chars().count())),
        Val::BStr(bytes) => Ok(Value::from(bytes.len())),
        Val::Arr(items) => Ok(Value::from(items.len())),
        Val::Obj(members) => Ok(Value::from(members.len())),
        Val::Bool(_) => Err(Error::str("boolean has no length")),
    }
}

fn has(value: &Value, key: &Value) -> Result<Value, Error<Value>> {
    use jaq_std::ValT as _;
    match value.val() {
        Val::Obj(members) => Ok(Value::from(members.contains_key(key.val()))),
        Val::Arr(items) => {
            let at = key.as_isize().and_then(|at| usize::try_from(at).ok());
            Ok(Value::from(at.is_some_and(|at| at < items.len())))
        }
        _ => Err(Error::str(format!("{} has no keys", kind(value)))),
    }
}

fn contains(whole: &Val, part: &Val) -> bool {
    budget::bytes(16);
    match (whole, part) {
        (Val::TStr(whole), Val::TStr(part)) => {
            budget::bytes(whole.len());
            String::from_utf8_lossy(whole).contains(String::from_utf8_lossy(part).as_ref())
        }
        (Val::Arr(whole), Val::Arr(part)) => {
            part.iter().all(|part| whole.iter().any(|whole| contains(whole, part)))
        }
        (Val::Obj(whole), Val::Obj(part)) => {
            part.iter().all(|(key, part)| whole.get(key).is_some_and(|whole| contains(whole, part)))
        }
        _ => {
            let (whole, part) = (Value::weighed(whole.clone()), Value::weighed(part.clone()));
            whole == part
        }
    }
}

fn indices(value: &Value, part: &Value) -> Result<Value, Error<Value>> {
    match (value.val(), part.val()) {
        (Val::TStr(text), Val::TStr(part)) if !part.is_empty() => {
            budget::bytes(text.len());
            let (text, part) = (String::from_utf8_lossy(text), String::from_utf8_lossy(part));
            Ok(text.match_indices(part.as_ref()).map(|(at, _)| Value::from(at)).collect())
        }
        (Val::Arr(_), Val::Arr(_)) => value.clone().index(part),
        (Val::Arr(items), _) => {
            let places = items.iter().enumerate().filter(|(_, item)| *item == part.val());
            Ok(places.map(|(at, _)| Value::from(at)).collect())
        }
        (Val::Null, _) => Ok(Value::weighed(Val::Null)),
        _ => Err(Error::str(format!("{} has no indices", kind(value)))),
    }
}
