//! What one evaluation of a jq program may spend.
//!
//! jq is a programming language: a query may loop for ever, recurse without end or double a string until the memory
//! is gone. Every step of the interpreter and every byte an operator touches is counted here, and an evaluation that
//! has spent its budget is unwound. It is unwound rather than ended by an error because jq's `try` catches errors, and
//! because half of the traits a value implements cannot fail.

use std::cell::Cell;
use std::panic::resume_unwind;
use std::ptr;

/// Steps of one evaluation.
const STEPS: usize = 200_000;
/// Bytes of the stack an evaluation may take: the interpreter recurses as its program does. The stack is larger, for
/// what is dropped while it is unwound.
const STACK: usize = super::run::STACK / 2;
/// Bytes the operators of one evaluation may read and write.
const BYTES: usize = 256 << 20;
/// Most a single value may weigh, shared parts counted as often as they occur.
pub(super) const HEAVIEST: usize = 32 << 20;
/// Deepest nesting of a value.
pub(super) const DEEPEST: usize = 256;

thread_local! {
    static LEFT: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
    static BASE: Cell<usize> = const { Cell::new(0) };
    static NOW: Cell<f64> = const { Cell::new(0.0) };
}

/// What an evaluation is unwound with.
#[derive(Debug)]
pub(super) struct Spent;

/// Gives the next evaluation of this thread a fresh budget, and tells it the time in seconds since the epoch.
pub(super) fn renew(now: f64) {
    LEFT.set((STEPS, BYTES));
    BASE.set(here());
    NOW.set(now);
}

/// The time an evaluation was told.
pub(super) fn now() -> f64 {
    NOW.get()
}

/// Spends a step.
pub(super) fn step() {
    spend(1, 0);
    if BASE.get().abs_diff(here()) > STACK {
        abort();
    }
}

/// About where the stack is.
fn here() -> usize {
    let local = 0_u8;
    ptr::from_ref(&local).addr()
}

/// Spends bytes.
pub(super) fn bytes(count: usize) {
    spend(0, count);
}

fn spend(steps: usize, bytes: usize) {
    let (steps_left, bytes_left) = LEFT.get();
    match (steps_left.checked_sub(steps), bytes_left.checked_sub(bytes)) {
        (Some(steps), Some(bytes)) => LEFT.set((steps, bytes)),
        _ => abort(),
    }
}

/// Ends the evaluation.
pub(super) fn abort() -> ! {
    // Values are dropped while unwinding, and dropping must not run into the empty budget again.
    LEFT.set((usize::MAX, usize::MAX));
    BASE.set(here());
    resume_unwind(Box::new(Spent))
}
