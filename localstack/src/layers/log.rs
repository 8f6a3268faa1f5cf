//! The request log: one line per request, at debug level.

use std::time::Duration;

use http::StatusCode;

use super::Call;
use crate::http::RequestId;

/// Writes a request's line.
pub(crate) fn log(call: &Call, id: RequestId, status: StatusCode, took: Duration) {
    tracing::debug!(
        service = call.service,
        operation = %call.operation,
        status = status.as_u16(),
        micros = took.as_micros(),
        %id,
        "request"
    );
}
