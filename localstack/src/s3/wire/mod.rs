//! The wire format.

use std::sync::Arc;

use crate::http::{AwsError, Body, full};
use crate::world::World;

/// Answers one S3 request, path style or with the bucket in the host name; the body has not been read.
pub(crate) async fn serve(_world: &Arc<World>, request: ::http::Request<Body>) -> ::http::Response<Body> {
    let error = AwsError::unknown_operation(request.method().as_str());
    let mut answer = ::http::Response::new(full(error.message));
    *answer.status_mut() = ::http::StatusCode::NOT_IMPLEMENTED;
    answer
}
