//! The wire format.

use std::sync::Arc;

use crate::http::{Answer, AwsError, RestCall};
use crate::world::World;

pub(crate) async fn serve(_world: &Arc<World>, call: &RestCall) -> Result<Answer, AwsError> {
    Err(AwsError::unknown_operation(call.operation()))
}
