//! Added latency: what a call to a region far away takes, for measuring how concurrent a client is.

use std::time::Duration;

/// Waits as long as the endpoint was told to.
pub(crate) async fn delay(latency: Option<Duration>) {
    if let Some(latency) = latency.filter(|latency| !latency.is_zero()) {
        tokio::time::sleep(latency).await;
    }
}
