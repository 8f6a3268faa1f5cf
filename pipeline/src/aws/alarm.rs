//! CloudWatch alarms.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{ComparisonOperator, Dimension, MetricAlarm, Statistic, Tag};

use super::error::failed;
use super::{Identity, cloudwatch_tags};
use crate::cloud::{CallError, Control};
use crate::resources::Observed;
use crate::resources::alarm::{AlarmChange, AlarmSpec, AlarmState};
use crate::resources::tags::{TagChange, TagMap};

/// What one evaluation looks at, in seconds.
const PERIOD: i32 = 60;
/// Nothing to measure is nothing wrong: a pipeline at rest has no metrics.
const WITHOUT_DATA: &str = "notBreaching";

pub(super) struct Alarms {
    pub(super) client: Client,
    pub(super) identity: Arc<Identity>,
}

fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn operator(above: bool) -> ComparisonOperator {
    if above { ComparisonOperator::GreaterThanThreshold } else { ComparisonOperator::LessThanThreshold }
}

/// An alarm in our words; `None` when it looks at something that our words do not say.
fn of_alarm(alarm: &MetricAlarm) -> Option<AlarmSpec> {
    let [dimension] = alarm.dimensions() else { return None };
    let number = |value: Option<i32>| value.and_then(|it| u32::try_from(it).ok());
    let threshold = alarm.threshold()?;
    let whole = threshold >= 0.0 && threshold.fract() == 0.0;
    let usual = alarm.period() == Some(PERIOD) && alarm.treat_missing_data() == Some(WITHOUT_DATA);
    if !whole || !usual || alarm.alarm_actions() != alarm.ok_actions() {
        return None;
    }
    Some(AlarmSpec {
        description: alarm.alarm_description().unwrap_or_default().to_owned(),
        namespace: alarm.namespace()?.to_owned(),
        metric: alarm.metric_name()?.to_owned(),
        dimension: (dimension.name()?.to_owned(), dimension.value()?.to_owned()),
        statistic: alarm.statistic()?.as_str().to_owned(),
        threshold: format!("{threshold:.0}").parse().ok()?,
        above: match alarm.comparison_operator()? {
            ComparisonOperator::GreaterThanThreshold => true,
            ComparisonOperator::LessThanThreshold => false,
            _ => return None,
        },
        minutes: number(alarm.evaluation_periods())?,
        breaching: number(alarm.datapoints_to_alarm()).or_else(|| number(alarm.evaluation_periods()))?,
        topics: alarm.alarm_actions().iter().cloned().collect(),
    })
}

impl Alarms {
    async fn arn(&self, name: &str) -> Result<String, CallError> {
        Ok(self.identity.place().await?.alarm(name))
    }

    async fn describe(&self, name: &str) -> Result<Option<AlarmState>, CallError> {
        let answer = self.client.describe_alarms().alarm_names(name).send().await;
        let answer = answer.map_err(|error| failed("cloudwatch:DescribeAlarms", error))?;
        Ok(answer.metric_alarms().iter().find(|alarm| alarm.alarm_name() == Some(name)).map(|alarm| {
            AlarmState {
                looks_at: of_alarm(alarm),
                value: alarm.state_value().map(|value| value.as_str()).unwrap_or_default().to_owned(),
                reason: alarm.state_reason().unwrap_or_default().to_owned(),
            }
        }))
    }

    async fn put(&self, name: &str, spec: &AlarmSpec, tags: Option<Vec<Tag>>) -> Result<(), CallError> {
        let (dimension, value) = &spec.dimension;
        let topics: Vec<String> = spec.topics.iter().cloned().collect();
        let request = self
            .client
            .put_metric_alarm()
            .alarm_name(name)
            .alarm_description(&spec.description)
            .namespace(&spec.namespace)
            .metric_name(&spec.metric)
            .dimensions(Dimension::builder().name(dimension).value(value).build())
            .statistic(Statistic::from(spec.statistic.as_str()))
            .period(PERIOD)
            .evaluation_periods(whole(spec.minutes))
            .datapoints_to_alarm(whole(spec.breaching))
            .threshold(f64::from(spec.threshold))
            .comparison_operator(operator(spec.above))
            .treat_missing_data(WITHOUT_DATA)
            .set_alarm_actions(Some(topics.clone()))
            .set_ok_actions(Some(topics))
            .set_tags(tags);
        request.send().await.map(drop).map_err(|error| failed("cloudwatch:PutMetricAlarm", error))
    }
}

#[async_trait]
impl Control<AlarmSpec> for Alarms {
    async fn observe(&self, name: &str) -> Result<Option<Observed<AlarmState>>, CallError> {
        let arn = self.arn(name).await?;
        let (described, tags) = tokio::join!(self.describe(name), cloudwatch_tags::read(&self.client, &arn));
        let Some(state) = described? else { return Ok(None) };
        Ok(Some(Observed { id: arn, tags: tags?, state }))
    }

    async fn create(&self, name: &str, spec: &AlarmSpec, tags: &TagMap) -> Result<(), CallError> {
        self.put(name, spec, Some(cloudwatch_tags::list(tags))).await
    }

    async fn change(&self, name: &str, change: &AlarmChange) -> Result<(), CallError> {
        match change {
            AlarmChange::Put(spec) => self.put(name, spec, None).await,
        }
    }

    async fn tag(&self, name: &str, change: &TagChange) -> Result<(), CallError> {
        cloudwatch_tags::change(&self.client, &self.arn(name).await?, change).await
    }

    async fn delete(&self, name: &str) -> Result<(), CallError> {
        let sent = self.client.delete_alarms().alarm_names(name).send().await;
        sent.map(drop).map_err(|error| failed("cloudwatch:DeleteAlarms", error))
    }
}
