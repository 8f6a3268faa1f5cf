//! CloudWatch.

use std::sync::Arc;

use crate::http::{Answer, AwsError, JsonCall, QueryCall};
use crate::world::{Setting, World};

/// The state of CloudWatch.
#[derive(Debug, Default)]
pub struct CloudWatch {}

impl CloudWatch {
    /// Nothing yet.
    pub fn new(_setting: &Setting) -> Self {
        Self::default()
    }
}

pub(crate) async fn serve(_world: &Arc<World>, call: &JsonCall) -> Result<Answer, AwsError> {
    Err(AwsError::unknown_operation(call.operation()))
}

pub(crate) async fn serve_query(_world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    Err(AwsError::unknown_operation(call.operation()))
}
