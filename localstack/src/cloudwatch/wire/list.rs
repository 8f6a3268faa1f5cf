//! `ListMetrics`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::http::AwsError;
use crate::world::World;

use super::super::metric::MetricId;
use super::super::state::Selection;
use super::{DimensionShape, invalid};

/// Metrics of a page.
const PAGE: usize = 500;
/// What `RecentlyActive: PT3H` means.
const RECENT_SECONDS: i64 = 3 * 3600;

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

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct MetricShape {
    namespace: String,
    metric_name: String,
    dimensions: Vec<DimensionShape>,
}

impl From<&MetricId> for MetricShape {
    fn from(id: &MetricId) -> Self {
        Self {
            namespace: id.namespace.clone(),
            metric_name: id.name.clone(),
            dimensions: id.dimensions().iter().map(Into::into).collect(),
        }
    }
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
pub(super) fn list(world: &Arc<World>, input: &ListInput) -> Result<ListOutput, AwsError> {
    let filters = input.dimensions.as_deref().unwrap_or_default();
    let selection = Selection {
        namespace: input.namespace.clone(),
        name: input.metric_name.clone(),
        dimensions: filters.iter().map(|filter| (filter.name.clone(), filter.value.clone())).collect(),
    };
    let skip: usize = match &input.next_token {
        Some(token) => token.parse().map_err(|_| invalid("The parameter NextToken is invalid."))?,
        None => 0,
    };
    let since = match input.recently_active.as_deref() {
        None => i64::MIN,
        Some("PT3H") => world.clock.now().as_second() - RECENT_SECONDS,
        Some(_) => return Err(invalid("The parameter RecentlyActive must be PT3H.")),
    };
    let mut found = world.cloudwatch.list(&selection);
    found.retain(|(_, newest)| *newest >= since);
    let more = found.len() > skip.saturating_add(PAGE);
    let metrics = found.iter().skip(skip).take(PAGE).map(|(id, _)| id.into()).collect();
    Ok(ListOutput { metrics, next_token: more.then(|| (skip + PAGE).to_string()) })
}
