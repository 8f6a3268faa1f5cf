//! The values of a jq program: those of `jaq-json`, each with its weight, so that none outgrows the memory.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::sync::Arc;

use jaq_core::box_iter::BoxIter;
use jaq_core::path::Opt;
use jaq_core::val::Range;
use jaq_core::{Exn, ValR, ValT, ValX};
use jaq_json::{Num, Val};
use jaq_std::ValT as _;

use super::budget::{self, DEEPEST, HEAVIEST};

/// What a value weighs beside its text.
const ATOM: usize = 16;

/// An error of a program.
pub(super) type Error = jaq_core::Error<Value>;

/// A value and its weight.
#[derive(Clone, Debug)]
pub(super) struct Value {
    val: Val,
    weight: usize,
    depth: usize,
}

impl Value {
    /// Takes a value that was built, weighing it.
    pub(super) fn weighed(val: Val) -> Self {
        let (weight, depth) = weigh(&val, 0);
        Self::new(val, weight, depth)
    }

    fn new(val: Val, weight: usize, depth: usize) -> Self {
        if weight > HEAVIEST || depth > DEEPEST {
            budget::abort();
        }
        budget::bytes(weight);
        Self { val, weight, depth }
    }

    /// The value alone.
    pub(super) fn val(&self) -> &Val {
        &self.val
    }

    /// Refuses what weighs too much before it is built.
    fn expect(weight: usize) {
        if weight > HEAVIEST {
            budget::abort();
        }
    }

    /// The value as text: strings as they are, numbers as jq 1.6 prints them, all else as JSON.
    pub(super) fn text(&self) -> String {
        budget::bytes(self.weight.saturating_mul(4));
        match &self.val {
            Val::TStr(text) | Val::BStr(text) => String::from_utf8_lossy(text).into_owned(),
            Val::Num(_) => match self.val.as_f64() {
                Some(number) if number.fract() == 0.0 && number.abs() < 1e17 => format!("{number:.0}"),
                Some(number) => number.to_string(),
                None => String::new(),
            },
            other => other.to_string(),
        }
    }
}

/// The weight and depth of a value, shared parts counted as often as they occur; past the limits it stops.
fn weigh(val: &Val, depth: usize) -> (usize, usize) {
    if depth > DEEPEST {
        return (HEAVIEST + 1, depth);
    }
    let sum = |parts: &mut dyn Iterator<Item = &Val>| {
        parts.fold((ATOM, depth + 1), |(weight, deepest), part| {
            if weight > HEAVIEST {
                return (weight, deepest);
            }
            let (part_weight, part_depth) = weigh(part, depth + 1);
            (weight + part_weight, deepest.max(part_depth))
        })
    };
    match val {
        Val::Arr(items) => sum(&mut items.iter()),
        Val::Obj(map) => sum(&mut map.iter().flat_map(|(key, value)| [key, value])),
        Val::TStr(text) | Val::BStr(text) => (ATOM + text.len(), depth),
        Val::Null | Val::Bool(_) | Val::Num(_) => (ATOM, depth),
    }
}

fn misfit(what: &str, left: &Value, right: &Value) -> Error {
    let (left, right) = (kind(left), kind(right));
    Error::str(format!("{left} and {right} cannot be {what}"))
}

/// The type of a value in jq's words.
pub(super) fn kind(value: &Value) -> &'static str {
    match value.val {
        Val::Null => "null",
        Val::Bool(_) => "boolean",
        Val::Num(_) => "number",
        Val::TStr(_) | Val::BStr(_) => "string",
        Val::Arr(_) => "array",
        Val::Obj(_) => "object",
    }
}

/// Arithmetic as jq 1.6 does it: on doubles, save that whole numbers stay whole as long as they fit.
fn numbers(
    left: &Value,
    right: &Value,
    whole: impl Fn(isize, isize) -> Option<isize>,
    real: impl Fn(f64, f64) -> f64,
) -> Option<Value> {
    if let (Val::Num(Num::Int(left)), Val::Num(Num::Int(right))) = (&left.val, &right.val)
        && let Some(result) = whole(*left, *right)
    {
        return Some(Value::from(result));
    }
    Some(Value::from(real(left.val.as_f64()?, right.val.as_f64()?)))
}

impl Add for Value {
    type Output = ValR<Self>;
    fn add(self, other: Self) -> ValR<Self> {
        budget::step();
        if let Some(sum) = numbers(&self, &other, isize::checked_add, |left, right| left + right) {
            return Ok(sum);
        }
        let (weight, depth) = (self.weight + other.weight, self.depth.max(other.depth));
        Self::expect(weight);
        let fail = misfit("added", &self, &other);
        (self.val + other.val).map(|val| Self::new(val, weight, depth)).map_err(|_| fail)
    }
}

impl Sub for Value {
    type Output = ValR<Self>;
    fn sub(self, other: Self) -> ValR<Self> {
        budget::step();
        if let Some(rest) = numbers(&self, &other, isize::checked_sub, |left, right| left - right) {
            return Ok(rest);
        }
        budget::bytes((self.weight + other.weight).saturating_mul(8));
        let fail = misfit("subtracted", &self, &other);
        let (weight, depth) = (self.weight, self.depth);
        (self.val - other.val).map(|val| Self::new(val, weight, depth)).map_err(|_| fail)
    }
}

impl Mul for Value {
    type Output = ValR<Self>;
    fn mul(self, other: Self) -> ValR<Self> {
        budget::step();
        if let Some(product) = numbers(&self, &other, isize::checked_mul, |left, right| left * right) {
            return Ok(product);
        }
        // A string times a number repeats it.
        let times = [&self, &other].into_iter().filter_map(|value| value.val.as_f64()).fold(1.0, f64::max);
        let weight = self.weight + other.weight;
        let limit = u32::try_from(HEAVIEST / weight.max(1)).map_or(f64::MAX, f64::from);
        if times > limit {
            budget::abort();
        }
        let fail = misfit("multiplied", &self, &other);
        (self.val * other.val).map(Self::weighed).map_err(|_| fail)
    }
}

impl Div for Value {
    type Output = ValR<Self>;
    fn div(self, other: Self) -> ValR<Self> {
        budget::step();
        // A string split at every character becomes much heavier.
        Self::expect(self.weight.saturating_mul(4));
        budget::bytes(self.weight.saturating_mul(4));
        let fail = misfit("divided", &self, &other);
        (self.val / other.val).map(Self::weighed).map_err(|_| fail)
    }
}

impl Rem for Value {
    type Output = ValR<Self>;
    fn rem(self, other: Self) -> ValR<Self> {
        budget::step();
        let fail = misfit("divided", &self, &other);
        (self.val % other.val).map(Self::weighed).map_err(|_| fail)
    }
}

impl Neg for Value {
    type Output = ValR<Self>;
    fn neg(self) -> ValR<Self> {
        budget::step();
        let fail = Error::str(format!("{} cannot be negated", kind(&self)));
        (-self.val).map(Self::weighed).map_err(|_| fail)
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        budget::bytes(self.weight.min(other.weight));
        self.val == other.val
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        // Objects are compared by their sorted keys.
        budget::bytes((self.weight + other.weight).saturating_mul(2));
        self.val.cmp(&other.val)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        budget::bytes(self.weight.saturating_mul(4));
        self.val.fmt(formatter)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::weighed(Val::Bool(truth))
    }
}

impl From<isize> for Value {
    fn from(number: isize) -> Self {
        Self::weighed(Val::from(number))
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::weighed(Val::from(number))
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::weighed(Val::from(number))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::weighed(Val::from(text))
    }
}

impl From<Range<Self>> for Value {
    fn from(range: Range<Self>) -> Self {
        Self::weighed(Val::from(range.start.map(|end| end.val)..range.end.map(|end| end.val)))
    }
}

impl FromIterator<Self> for Value {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        let (mut weight, mut depth) = (ATOM, 0);
        let mut values = Vec::new();
        for item in items {
            weight += item.weight;
            depth = depth.max(item.depth);
            Self::expect(weight);
            values.push(item.val);
        }
        Self::new(Val::Arr(Arc::new(values)), weight, depth + 1)
    }
}

impl ValT for Value {
    fn from_num(text: &str) -> ValR<Self> {
        match text.parse::<isize>() {
            Ok(number) => Ok(Self::from(number)),
            Err(_) => text.parse::<f64>().map(Self::from).map_err(Error::str),
        }
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(pairs: I) -> ValR<Self> {
        let (mut weight, mut depth) = (ATOM, 0);
        let mut map = jaq_json::Map::default();
        for (key, value) in pairs {
            if !matches!(key.val, Val::TStr(_)) {
                return Err(Error::str(format!("an object's key must be a string, not {}", kind(&key))));
            }
            weight += key.weight + value.weight;
            depth = depth.max(value.depth);
            Self::expect(weight);
            map.insert(key.val, value.val);
        }
        Ok(Self::new(Val::obj(map), weight, depth + 1))
    }

    fn key_values(self) -> BoxIter<'static, ValR<(Self, Self), Self>> {
        budget::bytes(self.weight);
        match self.val {
            Val::Arr(_) | Val::Obj(_) => Box::new(self.val.key_values().filter_map(|pair| {
                let (key, value) = pair.ok()?;
                budget::step();
                Some(Ok((Self::weighed(key), Self::weighed(value))))
            })),
            _ => Box::new(std::iter::once(Err(not_iterable(&self)))),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR<Self>>> {
        budget::bytes(self.weight);
        match self.val {
            Val::Arr(_) | Val::Obj(_) => Box::new(self.val.values().filter_map(|value| {
                budget::step();
                Some(Ok(Self::weighed(value.ok()?)))
            })),
            _ => Box::new(std::iter::once(Err(not_iterable(&self)))),
        }
    }

    fn index(self, index: &Self) -> ValR<Self> {
        budget::step();
        // A search for a list within a list.
        if matches!((&self.val, &index.val), (Val::Arr(_), Val::Arr(_))) {
            budget::bytes(self.weight.saturating_mul(index.weight / ATOM + 1));
        }
        let fail = Error::str(format!("{} cannot be indexed with {}", kind(&self), kind(index)));
        self.val.index(&index.val).map(Self::weighed).map_err(|_| fail)
    }

    fn range(self, range: Range<&Self>) -> ValR<Self> {
        budget::step();
        budget::bytes(self.weight);
        let fail = Error::str(format!("{} cannot be sliced so", kind(&self)));
        let range = range.start.map(|end| &end.val)..range.end.map(|end| &end.val);
        self.val.range(range).map(Self::weighed).map_err(|_| fail)
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        opt: Opt,
        change: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        match self.val {
            Val::Arr(_) => self.values().flat_map(|value| value.map(&change).into_iter().flatten()).collect(),
            Val::Obj(_) => {
                let changed = self.key_values().filter_map(|pair| {
                    let (key, value) = pair.ok()?;
                    Some(change(value).next()?.map(|value| (key, value)))
                });
                Ok(Self::from_map(changed.collect::<Result<Vec<_>, Exn<'a, Self>>>()?)?)
            }
            _ => opt.fail(self, |value| Exn::from(not_iterable(&value))),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        index: &Self,
        opt: Opt,
        change: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        match (&self.val, index.val.as_isize()) {
            (Val::Obj(_) | Val::Null, None) => {
                let old = self.clone().index(index)?;
                let new = change(old).next().transpose()?;
                let rest = match self.val {
                    Val::Obj(_) => self.key_values().filter_map(Result::ok).collect(),
                    _ => Vec::new(),
                };
                let mut pairs: Vec<_> = rest;
                let at = pairs.iter().position(|(key, _)| key == index);
                match (at, new) {
                    (Some(at), Some(new)) => pairs[at].1 = new,
                    (Some(at), None) => drop(pairs.remove(at)),
                    (None, Some(new)) => pairs.push((index.clone(), new)),
                    (None, None) => {}
                }
                Ok(Self::from_map(pairs)?)
            }
            (Val::Arr(items), Some(at)) => {
                let length = isize::try_from(items.len()).unwrap_or(isize::MAX);
                let place = usize::try_from(if at < 0 { at + length } else { at });
                let Some(place) = place.ok().filter(|place| *place < items.len()) else {
                    return opt.fail(self, |_| Exn::from(Error::str("index out of bounds")));
                };
                let mut items: Vec<Self> = self.values().collect::<Result<_, _>>()?;
                match change(items[place].clone()).next().transpose()? {
                    Some(new) => items[place] = new,
                    None => drop(items.remove(place)),
                }
                Ok(items.into_iter().collect())
            }
            _ => opt.fail(self, |value| Exn::from(not_iterable(&value))),
        }
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        range: Range<&Self>,
        opt: Opt,
        change: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        let Val::Arr(items) = &self.val else {
            return opt.fail(self, |value| Exn::from(not_iterable(&value)));
        };
        let length = isize::try_from(items.len()).unwrap_or(isize::MAX);
        let bound = |end: Option<&Self>, default: isize| {
            let at = end.and_then(|end| end.val.as_isize()).unwrap_or(default);
            usize::try_from((if at < 0 { at + length } else { at }).clamp(0, length)).unwrap_or(0)
        };
        let (from, to) = (bound(range.start, 0), bound(range.end, length));
        let items: Vec<Self> = self.values().collect::<Result<_, _>>()?;
        let slice: Self = items[from..to.max(from)].iter().cloned().collect();
        let middle = match change(slice).next().transpose()? {
            Some(new) => new.values().collect::<Result<Vec<_>, _>>()?,
            None => Vec::new(),
        };
        Ok(items[..from].iter().chain(&middle).chain(&items[to.max(from)..]).cloned().collect())
    }

    fn as_bool(&self) -> bool {
        self.val.as_bool()
    }

    fn into_string(self) -> Self {
        if matches!(self.val, Val::TStr(_)) { self } else { Self::from(self.text()) }
    }
}

fn not_iterable(value: &Value) -> Error {
    Error::str(format!("cannot iterate over {}", kind(value)))
}

impl jaq_std::ValT for Value {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        if !matches!(self.val, Val::Arr(_)) {
            return Err(self);
        }
        Ok(self.values().filter_map(Result::ok).collect())
    }

    fn is_int(&self) -> bool {
        self.val.is_int()
    }

    fn as_isize(&self) -> Option<isize> {
        self.val.as_isize()
    }

    fn as_f64(&self) -> Option<f64> {
        self.val.as_f64()
    }

    fn is_utf8_str(&self) -> bool {
        self.val.is_utf8_str()
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        budget::bytes(self.weight);
        self.val.as_bytes()
    }

    fn as_sub_str(&self, sub: &[u8]) -> Self {
        Self::weighed(self.val.as_sub_str(sub))
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        Self::weighed(Val::from_utf8_bytes(bytes))
    }
}
