//! IAM.

use std::sync::Arc;

use crate::http::{Answer, AwsError, QueryCall};
use crate::world::{Setting, World};

/// The state of IAM.
#[derive(Debug, Default)]
pub struct Iam {}

impl Iam {
    /// Nothing yet.
    pub fn new(_setting: &Setting) -> Self {
        Self::default()
    }
}

pub(crate) async fn serve(_world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    Err(AwsError::unknown_operation(call.operation()))
}
