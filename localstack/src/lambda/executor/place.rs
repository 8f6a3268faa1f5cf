//! The places that concurrent invocations take, and how many are taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::pool::Pool;

/// One place among the concurrent invocations of a function, given back on drop.
#[derive(Debug)]
pub(in super::super) struct Place {
    pub(super) pool: Arc<Pool>,
    /// What it was taken from: the function's own reserve, or what all others share.
    counter: Arc<AtomicU32>,
    account: Arc<Account>,
}

/// Invocations that run in a region.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// All of the account there.
    all: AtomicU32,
    /// Those of functions without a reserve.
    pub(super) shared: Arc<AtomicU32>,
}

/// How many invocations run in a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Running {
    pub(in super::super) of_function: u32,
    pub(in super::super) of_account: u32,
    /// Of functions without a reserve.
    pub(in super::super) unreserved: u32,
}

impl Place {
    pub(super) fn new(pool: Arc<Pool>, counter: Arc<AtomicU32>, account: Arc<Account>) -> Self {
        pool.running.fetch_add(1, Ordering::Relaxed);
        account.all.fetch_add(1, Ordering::Relaxed);
        Self { pool, counter, account }
    }

    /// How many invocations run, this one counted.
    pub(in super::super) fn running(&self) -> Running {
        Running {
            of_function: self.pool.running.load(Ordering::Relaxed),
            of_account: self.account.all.load(Ordering::Relaxed),
            unreserved: self.account.shared.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for counter in [&*self.counter, &self.pool.running, &self.account.all] {
            counter.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
