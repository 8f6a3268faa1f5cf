//! The wire formats.

use std::sync::Arc;

use crate::http::{Answer, AwsError, JsonCall};
use crate::world::World;

pub(crate) async fn serve(_world: &Arc<World>, call: &JsonCall) -> Result<Answer, AwsError> {
    Err(AwsError::unknown_operation(call.operation()))
}

pub(crate) async fn serve_query(
    _world: &Arc<World>,
    call: &crate::http::QueryCall,
) -> Result<Answer, AwsError> {
    Err(AwsError::unknown_operation(call.operation()))
}
