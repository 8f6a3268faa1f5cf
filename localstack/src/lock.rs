//! A mutex that a panicked request does not poison.
//!
//! The server turns a panic in a handler into a 500 and goes on. With `std`'s poisoning every later request to the
//! same state would fail as well; here it goes on with the state as the panic left it.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// State shared by requests. Never held across an await.
#[derive(Debug, Default)]
pub struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    /// A lock around `value`.
    pub const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Waits for the lock and takes it.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
