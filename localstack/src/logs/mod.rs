//! CloudWatch Logs.

use std::sync::Arc;

use crate::http::{Answer, AwsError, JsonCall};
use crate::world::{Setting, World};

/// The state of CloudWatch Logs.
#[derive(Debug, Default)]
pub struct Logs {}

impl Logs {
    /// Nothing yet.
    pub fn new(_setting: &Setting) -> Self {
        Self::default()
    }
}

pub(crate) async fn serve(_world: &Arc<World>, call: &JsonCall) -> Result<Answer, AwsError> {
    Err(AwsError::unknown_operation(call.operation()))
}
