//! `ListMetrics`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::series::MINUTE;
use super::super::state::Selection;
use super::invalid;
use super::metric::MetricShape;
use crate::http::{AwsError, Context};
use crate::world::World;

/// Metrics of a page.
const PAGE: usize = 500;
/// Most dimensions to filter by.
const MAX_FILTERS: usize = 10;
/// What `RecentlyActive: PT3H` means.
const RECENT: i64 = 180 * MINUTE;
/// Metrics without a value for so long are no longer listed.
const LISTED: i64 = 14 * 86_400;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DimensionFilter {
    name: String,
    value: Option<String>,
}

/// The input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListInput {
    namespace: Option<String>,
    metric_name: Option<String>,
    dimensions: Option<Vec<DimensionFilter>>,
    next_token: Option<String>,
    recently_active: Option<String>,
}

/// The output.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListOutput {
    metrics: Vec<MetricShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// Lists a page of the metrics that match.
pub(super) fn list(world: &Arc<World>, context: &Context, input: &ListInput) -> Result<ListOutput, AwsError> {
    let filters = input.dimensions.as_deref().unwrap_or_default();
    if filters.len() > MAX_FILTERS {
        return Err(invalid(format!(
            "The collection Dimensions must not have a size greater than {MAX_FILTERS}."
        )));
    }
    let selection = Selection {
        namespace: input.namespace.clone(),
        name: input.metric_name.clone(),
        dimensions: filters.iter().map(|filter| (filter.name.clone(), filter.value.clone())).collect(),
    };
    let skip: usize = match &input.next_token {
        Some(token) => token.parse().map_err(|_| invalid("The parameter NextToken is invalid."))?,
        None => 0,
    };
    let kept = match input.recently_active.as_deref() {
        None => LISTED,
        Some("PT3H") => RECENT,
        Some(_) => {
            return Err(invalid("The parameter RecentlyActive must be a value in the set [ PT3H ]."));
        }
    };
    let now = world.clock.now().as_second();
    let mut found = world.cloudwatch.shelf(&context.region).list(&selection, now);
    found.retain(|(_, newest)| *newest >= now - kept);
    let more = found.len() > skip.saturating_add(PAGE);
    let metrics = found.iter().skip(skip).take(PAGE).map(|(id, _)| id.into()).collect();
    Ok(ListOutput { metrics, next_token: more.then(|| (skip + PAGE).to_string()) })
}
