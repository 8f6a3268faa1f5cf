//! How many shards a stream needs, what binds it, and what a month costs in each mode: before there is a stream, or
//! from what one has seen.
//!
//! [`estimate`] turns a [`Workload`] into an [`Estimate`], purely. Where AWS's own formula applies — an average size
//! somebody assumes, and consumers that share the reads — the answer is that formula's,
//! `max(incoming_write_bandwidth_in_KiB / 1024, outgoing_read_bandwidth_in_KiB / 2048)` with the size rounded up to
//! whole KiB ("Amazon Kinesis Data Streams FAQs"), and beside it the limit of 1,000 records a second, which the
//! formula leaves out. Sizes that were measured are not rounded: there is nothing left to be careful about.

mod answer;
mod compare;
mod cost;
mod demand;
mod downstream;
pub mod live;
mod notes;
mod packing;
mod sizes;
mod workload;

#[cfg(test)]
mod tests;

use pipectl_pricing::Prices;

pub use answer::{Aggregation, Average, Estimate, Load, Mode, Side, Source};
pub use demand::{Limit, Need};
pub use downstream::{Delivery, Partitioning, Transform};
pub use packing::Packing;
pub use sizes::{Histogram, Sizes};
pub use workload::{Burst, Workload, WorkloadError};

/// What `workload` needs and costs at `prices`.
///
/// # Errors
/// A number of the workload that makes no sense: the field, and the way out.
pub fn estimate(workload: &Workload, prices: &Prices) -> Result<Estimate, WorkloadError> {
    workload.check()?;
    let sized = demand::size(workload);
    let modes = cost::modes(workload, &sized, prices);
    let delivery = workload.delivery.map(|delivery| delivery.bill(workload, prices));
    let transform = workload.transform.map(|transform| transform.bill(workload, prices));
    let aggregation = compare::aggregation(workload, prices);
    let notes = notes::notes(workload, &sized, &modes, prices);
    Ok(answer::assemble(
        workload,
        &sized,
        answer::Parts { modes, delivery, transform, aggregation, notes },
        prices,
    ))
}
