//! Variables: one file serves several stages.
//!
//! `vars` declares them, `${var.stage}` uses them, in any value and in any key. A value that is one variable and nothing
//! else keeps its type, in quotes or not; within a text its value is text. What counts, from the strongest:
//! `--var`, `--var-file`, the environment (`PIPECTL_VAR_STAGE`), the default. Of several options the last wins.
//!
//! A tree goes through [`Scope::of`] (what is declared, and the values that count), [`fill`] (values in place of
//! names) and, after the format was checked, [`explain`] and [`Scope::finish`].

mod declare;
mod fill;
mod given;
mod scope;
mod secret;
mod text;
mod value;

pub(crate) use fill::{Filled, explain, fill, used_at};
pub(crate) use given::Assignments;
pub use given::{ENVIRONMENT, GivenValues};
pub(crate) use scope::{LEFT_OUT, SHORT, Scope, sensitive_values, undeclared};
pub use secret::{Mask, Secret};
pub(crate) use secret::{Seals, has_seals, is_sealed, seal};
pub(crate) use text::{escape, has_variables, is_one_variable};
pub use value::VariableType;
