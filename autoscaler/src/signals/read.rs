//! Reads the metrics of many streams in as few calls as there can be: what is new of all of them in one, the past of a
//! stream that is seen for the first time in one of its own.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::gather::{Gathered, gather, window};
use super::measure::{Measure, Query};
use super::metrics::{Metrics, QUERIES_A_CALL, Series, Window};
use super::shares;
use crate::execute::{CallError, Consumer, ShardMap, StreamName};
use crate::policy;

/// What is known of a stream up to here, and what is to be known.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The stream.
    pub stream: StreamName,
    /// The newest minute that is known.
    pub newest: Option<policy::Timestamp>,
    /// Who reads it.
    pub consumers: Vec<Consumer>,
}

/// How far back new minutes are read together; what is older is the past.
const TOGETHER: Duration = Duration::from_secs(3 * 3600);

impl Wanted {
    fn query(&self, measure: Measure) -> Query {
        Query { stream: self.stream.clone(), measure }
    }

    fn is_new(&self, now: Timestamp) -> bool {
        let together = SignedDuration::try_from(TOGETHER).unwrap_or(SignedDuration::MAX);
        now.duration_since(window(self.newest, now).from) > together
    }

    fn queries(&self) -> Vec<Query> {
        let ages = self.consumers.iter().map(|consumer| match consumer {
            Consumer::FanOut(name) => Measure::FanOutAge(name.clone()),
            Consumer::Function(name) => Measure::FunctionAge(name.clone()),
        });
        Measure::OF_STREAM.into_iter().chain(ages).map(|measure| self.query(measure)).collect()
    }
}

/// The new points of each stream, in their order.
///
/// # Errors
/// See [`CallError`]; what was read before it is lost, and read again the next time.
pub async fn read(
    metrics: &dyn Metrics,
    wanted: &[Wanted],
    now: Timestamp,
) -> Result<Vec<Gathered>, CallError> {
    let mut all: Vec<Option<Gathered>> = vec![None; wanted.len()];
    for (place, wanted) in wanted.iter().enumerate().filter(|(_, wanted)| wanted.is_new(now)) {
        all[place] = Some(past(metrics, wanted, now).await?);
    }
    let together: Vec<usize> = (0..wanted.len()).filter(|place| all[*place].is_none()).collect();
    let queries: Vec<Vec<Query>> = together.iter().map(|place| wanted[*place].queries()).collect();
    let from = together.iter().map(|place| window(wanted[*place].newest, now).from).min();
    if let Some(from) = from {
        let asked: Vec<Query> = queries.iter().flatten().cloned().collect();
        let mut series = read_all(metrics, &asked, Window { from, to: now }).await?.into_iter();
        for (place, queries) in together.iter().zip(&queries) {
            let own: Vec<Series> = series.by_ref().take(queries.len()).collect();
            all[*place] = Some(gather(queries, &own, window(wanted[*place].newest, now)));
        }
    }
    Ok(all.into_iter().map(Option::unwrap_or_default).collect())
}

/// Fifteen days of what a season is made of, and all there is of the last hours.
async fn past(metrics: &dyn Metrics, wanted: &Wanted, now: Timestamp) -> Result<Gathered, CallError> {
    let whole = window(wanted.newest, now);
    let recent = SignedDuration::try_from(TOGETHER).ok().and_then(|back| now.checked_sub(back).ok());
    let recent = Window { from: recent.unwrap_or(whole.from).max(whole.from), to: now };
    let mut queries: Vec<Query> = Measure::OF_PAST.into_iter().map(|measure| wanted.query(measure)).collect();
    let mut series = read_all(metrics, &queries, whole).await?;
    let rest: Vec<Query> =
        wanted.queries().into_iter().filter(|query| !Measure::OF_PAST.contains(&query.measure)).collect();
    series.extend(read_all(metrics, &rest, recent).await?);
    queries.extend(rest);
    Ok(gather(&queries, &series, whole))
}

/// The layout of a stream with what each shard got between two times.
///
/// # Errors
/// See [`CallError`].
pub async fn read_shares(
    metrics: &dyn Metrics,
    stream: &StreamName,
    map: &ShardMap,
    window: Window,
) -> Result<Option<policy::Layout>, CallError> {
    let queries = shares::queries(|measure| Query { stream: stream.clone(), measure }, map);
    let series = read_all(metrics, &queries, window).await?;
    Ok(shares::layout(map, &queries, &series).ok())
}

async fn read_all(
    metrics: &dyn Metrics,
    queries: &[Query],
    window: Window,
) -> Result<Vec<Series>, CallError> {
    let mut series = Vec::with_capacity(queries.len());
    for some in queries.chunks(QUERIES_A_CALL) {
        series.extend(metrics.read(some, window).await?);
    }
    Ok(series)
}
