//! Lambda.

use std::sync::Arc;

use crate::http::{Answer, AwsError, RestCall};
use crate::world::{Setting, World};

/// The state of Lambda.
#[derive(Debug, Default)]
pub struct Lambda {}

impl Lambda {
    /// Nothing yet.
    pub fn new(_setting: &Setting) -> Self {
        Self::default()
    }
}

pub(crate) async fn serve(_world: &Arc<World>, call: &RestCall) -> Result<Answer, AwsError> {
    Err(AwsError::unknown_operation(call.operation()))
}
