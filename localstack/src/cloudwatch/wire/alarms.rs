//! Making and showing alarms.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::alarms::{
    Actions, Alarm, Comparison, Condition, Gap, Kind, MetricAlarm, Rule, State, arn, watch,
};
use super::super::query::{MetricQuery, Queries, Query, Source};
use super::super::statistic::Statistic;
use super::alarm::{CompositeAlarmShape, MetricAlarmShape, Shape, page_size, shape};
use super::data::{QueryShape, queries};
use super::metric::{DimensionShape, MetricShape, period, unit};
use super::values::{Flag, Number};
use super::{invalid, missing};
use crate::http::{AwsError, Context};
use crate::world::World;

/// The members that both kinds of alarm are made with.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CommonInput {
    alarm_name: Option<String>,
    alarm_description: Option<String>,
    actions_enabled: Option<Flag>,
    #[serde(rename = "OKActions", default)]
    ok_actions: Vec<String>,
    #[serde(default)]
    alarm_actions: Vec<String>,
    #[serde(default)]
    insufficient_data_actions: Vec<String>,
    #[serde(default)]
    tags: Vec<super::tags::Tag>,
}

/// The input of `PutMetricAlarm`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MetricInput {
    #[serde(flatten)]
    common: CommonInput,
    metric_name: Option<String>,
    namespace: Option<String>,
    statistic: Option<String>,
    extended_statistic: Option<String>,
    dimensions: Option<Vec<DimensionShape>>,
    period: Option<Number>,
    unit: Option<String>,
    evaluation_periods: Option<Number>,
    datapoints_to_alarm: Option<Number>,
    threshold: Option<Number>,
    comparison_operator: Option<String>,
    treat_missing_data: Option<String>,
    evaluate_low_sample_count_percentile: Option<String>,
    #[serde(default)]
    metrics: Vec<QueryShape>,
}

/// The input of `PutCompositeAlarm`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CompositeInput {
    #[serde(flatten)]
    common: CommonInput,
    alarm_rule: Option<String>,
}

impl CommonInput {
    fn alarm(self, kind: Kind, world: &World) -> Result<Alarm, AwsError> {
        let name = self.alarm_name.ok_or_else(|| missing("AlarmName"))?;
        if name.is_empty() || name.chars().count() > 255 {
            let limit =
                if name.is_empty() { "greater than or equal to 1" } else { "less than or equal to 255" };
            return Err(AwsError::validation(format!(
                "1 validation error detected: Value '{name}' at 'alarmName' failed to satisfy constraint: Member must \
                 have length {limit}"
            )));
        }
        for list in [&self.ok_actions, &self.alarm_actions, &self.insufficient_data_actions] {
            if list.len() > 5 {
                return Err(AwsError::validation(
                    "1 validation error detected: Member must have length less than or equal to 5",
                ));
            }
        }
        let mut alarm = Alarm::new(name, kind, world.clock.now());
        alarm.description = self.alarm_description;
        alarm.actions = Actions {
            enabled: self.actions_enabled.is_none_or(|enabled| enabled.0),
            ok: self.ok_actions,
            alarm: self.alarm_actions,
            insufficient: self.insufficient_data_actions,
        };
        alarm.tags = super::tags::checked(self.tags)?;
        Ok(alarm)
    }
}

/// Makes or changes an alarm over a metric or a formula.
pub(super) fn put_metric(world: &Arc<World>, context: &Context, input: MetricInput) -> Result<(), AwsError> {
    let condition = input.condition()?;
    let is_single = input.metrics.is_empty();
    let queries = if is_single { input.single()? } else { input.several()? };
    let seconds =
        i64::try_from(condition.periods).unwrap_or(i64::MAX).saturating_mul(queries.longest_period());
    let most = if queries.longest_period() >= 3600 { 604_800 } else { 86_400 };
    if seconds > most {
        return Err(AwsError::validation(format!(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= {most})."
        )));
    }
    let low_sample = input.evaluate_low_sample_count_percentile;
    let kind = Kind::Metric(Box::new(MetricAlarm { condition, queries, is_single, low_sample }));
    keep(world, context, input.common.alarm(kind, world)?)
}

/// Makes or changes an alarm over other alarms.
pub(super) fn put_composite(
    world: &Arc<World>,
    context: &Context,
    input: CompositeInput,
) -> Result<(), AwsError> {
    let rule = input.alarm_rule.ok_or_else(|| missing("AlarmRule"))?;
    let rule = Rule::parse(&rule).map_err(|error| AwsError::validation(error.to_string()))?;
    let known = world.cloudwatch.shelf(&context.region).alarms.all();
    if let Some(unknown) =
        rule.names().into_iter().find(|name| !known.iter().any(|alarm| alarm.name == *name))
    {
        return Err(AwsError::validation(format!(
            "Could not save the composite alarm as alarms [{}] in the alarm rule do not exist",
            arn(world, &context.region, unknown)
        )));
    }
    keep(world, context, input.common.alarm(Kind::Composite(rule), world)?)?;
    let arn = |name: &str| arn(world, &context.region, name);
    world.cloudwatch.shelf(&context.region).alarms.follow(&arn, world.clock.now());
    Ok(())
}

fn keep(world: &Arc<World>, context: &Context, alarm: Alarm) -> Result<(), AwsError> {
    if !world.cloudwatch.shelf(&context.region).alarms.put(alarm) {
        return Err(AwsError::bad_request(
            "LimitExceededFault",
            "The maximum limit of 5000 alarms exceeded.",
        ));
    }
    watch(world);
    Ok(())
}

impl MetricInput {
    fn condition(&self) -> Result<Condition, AwsError> {
        let comparison = self.comparison_operator.as_deref().ok_or_else(|| missing("ComparisonOperator"))?;
        let comparison = Comparison::parse(comparison).ok_or_else(|| {
            invalid(format!("The comparison operator {comparison} is not supported by this endpoint."))
        })?;
        let Number(threshold) = self.threshold.ok_or_else(|| missing("Threshold"))?;
        let periods = counted(self.evaluation_periods, "EvaluationPeriods")?;
        let periods = periods.ok_or_else(|| missing("EvaluationPeriods"))?;
        let to_alarm = counted(self.datapoints_to_alarm, "DatapointsToAlarm")?;
        if to_alarm.is_some_and(|to_alarm| to_alarm > periods) {
            let message = "DatapointsToAlarm must be less than or equal to EvaluationPeriods.";
            return Err(AwsError::validation(message));
        }
        let missing = match self.treat_missing_data.as_deref() {
            None => None,
            Some(text) => Some(Gap::parse(text).ok_or_else(|| {
                AwsError::validation(format!(
                    "Option {text} is not supported for TreatMissingData parameter."
                ))
            })?),
        };
        Ok(Condition { comparison, threshold, periods, to_alarm, missing })
    }

    fn single(&self) -> Result<Queries, AwsError> {
        let metric = MetricShape {
            namespace: self.namespace.clone(),
            metric_name: self.metric_name.clone(),
            dimensions: self.dimensions.clone(),
        };
        let stat = match (&self.statistic, &self.extended_statistic) {
            (Some(stat), None) | (None, Some(stat)) => stat.clone(),
            (None, None) => {
                return Err(AwsError::validation("Either Statistic or ExtendedStatistic must be specified."));
            }
            (Some(_), Some(_)) => {
                return Err(AwsError::validation(
                    "Statistic and ExtendedStatistic cannot both be specified.",
                ));
            }
        };
        let statistic = Statistic::parse(&stat).filter(|s| s.is_basic() == self.statistic.is_some());
        let statistic = statistic
            .ok_or_else(|| invalid(format!("The value {stat} for parameter Statistic is not supported.")))?;
        let query = MetricQuery {
            metric: metric.id("")?,
            period: period(self.period, "Period")?,
            statistic,
            stat,
            unit: unit(self.unit.as_deref(), "Unit")?,
        };
        let query = Query { id: "m1".to_owned(), source: Source::Metric(query), label: None, returned: true };
        Ok(Queries::new(vec![query])?)
    }

    fn several(&self) -> Result<Queries, AwsError> {
        if self.metric_name.is_some() {
            return Err(super::combination(
                "The parameters MetricName and Metrics are mutually exclusive and you have specified both.",
            ));
        }
        if self.metrics.iter().filter(|query| query.is_returned()).count() != 1 {
            return Err(AwsError::validation("Exactly one element of the metrics list should return data."));
        }
        queries(&self.metrics, "Metrics")
    }
}

fn counted(number: Option<Number>, parameter: &str) -> Result<Option<usize>, AwsError> {
    let Some(number) = number else { return Ok(None) };
    let count = number.whole().and_then(|count| usize::try_from(count).ok()).filter(|count| *count >= 1);
    count
        .map(Some)
        .ok_or_else(|| invalid(format!("The parameter {parameter} must be greater than or equal to 1.")))
}

/// The input of `DescribeAlarms`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribeInput {
    #[serde(default)]
    alarm_names: Vec<String>,
    alarm_name_prefix: Option<String>,
    #[serde(default)]
    alarm_types: Vec<String>,
    state_value: Option<String>,
    action_prefix: Option<String>,
    max_records: Option<Number>,
    next_token: Option<String>,
}

/// The output of `DescribeAlarms`.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribeOutput {
    composite_alarms: Vec<CompositeAlarmShape>,
    metric_alarms: Vec<MetricAlarmShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// Whether an alarm of this kind was asked for: metric alarms where nothing says.
pub(super) fn is_of_type(types: &[String], is_composite: bool) -> bool {
    let wanted = if is_composite { "CompositeAlarm" } else { "MetricAlarm" };
    if types.is_empty() { !is_composite } else { types.iter().any(|kind| kind == wanted) }
}

impl DescribeInput {
    fn matches(&self, alarm: &Alarm) -> bool {
        let actions = [&alarm.actions.ok, &alarm.actions.alarm, &alarm.actions.insufficient];
        let acts =
            |prefix: &String| actions.iter().any(|list| list.iter().any(|arn| arn.starts_with(prefix)));
        is_of_type(&self.alarm_types, alarm.is_composite())
            && (self.alarm_names.is_empty() || self.alarm_names.contains(&alarm.name))
            && self.alarm_name_prefix.as_ref().is_none_or(|prefix| alarm.name.starts_with(prefix))
            && self.state_value.as_ref().is_none_or(|state| alarm.state.as_str() == state)
            && self.action_prefix.as_ref().is_none_or(acts)
    }
}

/// Shows alarms, by name.
pub(super) fn describe(
    world: &Arc<World>,
    context: &Context,
    input: DescribeInput,
) -> Result<DescribeOutput, AwsError> {
    if let Some(state) = input.state_value.as_deref().filter(|state| State::parse(state).is_none()) {
        return Err(super::alarm_state::unknown_state(state));
    }
    let mut found = world.cloudwatch.shelf(&context.region).alarms.all();
    found.retain(|alarm| input.matches(alarm));
    let size = page_size(input.max_records, 50);
    // The token is the last name of the page before.
    let mut rest =
        found.into_iter().filter(|alarm| input.next_token.as_ref().is_none_or(|last| alarm.name > *last));
    let page: Vec<Alarm> = rest.by_ref().take(size).collect();
    let more = rest.next().is_some();
    let mut output = DescribeOutput {
        next_token: page.last().filter(|_| more).map(|alarm| alarm.name.clone()),
        ..DescribeOutput::default()
    };
    for alarm in &page {
        match shape(alarm, arn(world, &context.region, &alarm.name)) {
            Shape::Metric(alarm) => output.metric_alarms.push(*alarm),
            Shape::Composite(alarm) => output.composite_alarms.push(*alarm),
        }
    }
    Ok(output)
}

/// The input of `DescribeAlarmsForMetric`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ForMetricInput {
    metric_name: Option<String>,
    namespace: Option<String>,
    statistic: Option<String>,
    extended_statistic: Option<String>,
    dimensions: Option<Vec<DimensionShape>>,
    period: Option<Number>,
    unit: Option<String>,
}

/// The output of `DescribeAlarmsForMetric`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ForMetricOutput {
    metric_alarms: Vec<MetricAlarmShape>,
}

/// Shows the alarms over one metric.
pub(super) fn describe_for_metric(
    world: &Arc<World>,
    context: &Context,
    input: ForMetricInput,
) -> Result<ForMetricOutput, AwsError> {
    let metric = MetricShape {
        namespace: input.namespace,
        metric_name: input.metric_name,
        dimensions: input.dimensions,
    };
    let id = metric.id("")?;
    let unit = unit(input.unit.as_deref(), "Unit")?;
    let stat = input.statistic.or(input.extended_statistic);
    let wanted = |query: &Query| match &query.source {
        Source::Metric(metric) => {
            metric.metric == id
                && stat.as_ref().is_none_or(|stat| metric.stat == *stat)
                && input.period.is_none_or(|period| period.whole() == Some(metric.period))
                && unit.is_none_or(|unit| metric.unit == Some(unit))
        }
        Source::Formula { .. } => false,
    };
    let found =
        world.cloudwatch.shelf(&context.region).alarms.all().into_iter().filter(|alarm| match &alarm.kind {
            Kind::Metric(metric) => metric.queries.iter().any(wanted),
            Kind::Composite(_) => false,
        });
    let shapes = found.filter_map(|alarm| match shape(&alarm, arn(world, &context.region, &alarm.name)) {
        Shape::Metric(shape) => Some(*shape),
        Shape::Composite(_) => None,
    });
    Ok(ForMetricOutput { metric_alarms: shapes.collect() })
}
