//! CloudWatch's operations. Clients come in three protocols (query, JSON, CBOR); the operations see one.

mod alarm;
mod alarm_state;
mod alarms;
mod dashboards;
mod data;
mod form;
mod list;
mod metric;
mod put;
mod statistics;
mod tags;
mod values;

use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::http::{Answer, AwsError, Context, JsonCall, QueryCall, older_code};
use crate::world::World;

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::bad_request("InvalidParameterValueException", message)
}

fn combination(message: impl Into<String>) -> AwsError {
    AwsError::bad_request("InvalidParameterCombinationException", message)
}

fn missing(parameter: &str) -> AwsError {
    AwsError::bad_request(
        "MissingRequiredParameterException",
        format!("The parameter {parameter} is required."),
    )
}

/// The same error as operations say it that know no other than this one.
fn as_validation(error: AwsError) -> AwsError {
    AwsError { code: "ValidationException".into(), ..error }
}

/// A call of any protocol.
#[derive(Clone, Copy)]
enum Call<'a> {
    /// JSON or CBOR.
    Structured(&'a JsonCall),
    /// A form that is answered in XML.
    Form(&'a QueryCall),
}

impl Call<'_> {
    fn operation(&self) -> &str {
        match self {
            Self::Structured(call) => call.operation(),
            Self::Form(call) => call.operation(),
        }
    }

    fn context(&self) -> &Context {
        match self {
            Self::Structured(call) => &call.context,
            Self::Form(call) => &call.context,
        }
    }

    fn input<T: DeserializeOwned>(&self) -> Result<T, AwsError> {
        match self {
            Self::Structured(call) => call.input(),
            Self::Form(call) => form::input(call),
        }
    }

    fn output<T: Serialize>(&self, output: &T) -> Result<Answer, AwsError> {
        match self {
            Self::Structured(call) => call.output(output),
            Self::Form(call) => form::output(call, output),
        }
    }

    fn nothing(&self, done: ()) -> Result<Answer, AwsError> {
        match self {
            Self::Structured(call) => call.nothing(done),
            Self::Form(call) => Ok(call.nothing()),
        }
    }
}

/// Answers one call in JSON or CBOR.
pub(crate) async fn serve(world: &Arc<World>, call: &JsonCall) -> Result<Answer, AwsError> {
    answer(world, Call::Structured(call))
}

/// Answers one call of the query protocol, whose errors have older names.
pub(crate) async fn serve_query(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    answer(world, Call::Form(call)).map_err(|error| {
        let code = older_code(&error.code).to_owned();
        AwsError { code: code.into(), ..error }
    })
}

fn answer(world: &Arc<World>, call: Call<'_>) -> Result<Answer, AwsError> {
    let context = call.context();
    match call.operation() {
        "PutMetricData" => call.nothing(put::put(world, context, call.input()?)?),
        "GetMetricStatistics" => call.output(&statistics::statistics(world, context, call.input()?)?),
        "GetMetricData" => call.output(&data::data(world, context, call.input()?)?),
        "ListMetrics" => call.output(&list::list(world, context, &call.input()?)?),
        "PutMetricAlarm" => call.nothing(alarms::put_metric(world, context, call.input()?)?),
        "PutCompositeAlarm" => call.nothing(alarms::put_composite(world, context, call.input()?)?),
        "DescribeAlarms" => call.output(&alarms::describe(world, context, call.input()?)?),
        "DescribeAlarmsForMetric" => {
            call.output(&alarms::describe_for_metric(world, context, call.input()?)?)
        }
        "DeleteAlarms" => call.nothing(alarm_state::delete(world, context, call.input()?)?),
        "SetAlarmState" => call.nothing(alarm_state::set(world, context, call.input()?)?),
        "EnableAlarmActions" => call.nothing(alarm_state::actions(world, context, call.input()?, true)?),
        "DisableAlarmActions" => call.nothing(alarm_state::actions(world, context, call.input()?, false)?),
        "DescribeAlarmHistory" => call.output(&alarm_state::history(world, context, call.input()?)?),
        "ListTagsForResource" => call.output(&tags::list(world, context, &call.input()?)?),
        "TagResource" => call.output(&tags::tag(world, context, call.input()?)?),
        "UntagResource" => call.output(&tags::untag(world, context, call.input()?)?),
        "PutDashboard" => call.output(&dashboards::put(world, call.input()?)?),
        "GetDashboard" => call.output(&dashboards::get(world, call.input()?)?),
        "ListDashboards" => call.output(&dashboards::list(world, &call.input()?)?),
        "DeleteDashboards" => call.output(&dashboards::delete(world, call.input()?)?),
        other => Err(AwsError::unknown_operation(other)),
    }
}

fn not_found(code: &'static str, message: impl Into<String>) -> AwsError {
    AwsError::new(StatusCode::NOT_FOUND, code, message)
}
