//! Ctrl-C: the first asks the command to stop after what is running, the second quits at once.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::output::Output;

/// What a shell reports for a process that Ctrl-C ended.
const QUIT: i32 = 130;

/// Listens for Ctrl-C and SIGTERM from now on; the token is cancelled by the first of them. `stopping`
/// says what the command does about it.
pub(crate) fn listen(output: &Arc<Output>, stopping: &'static str) -> CancellationToken {
    let token = CancellationToken::new();
    let first = token.clone();
    let output = Arc::clone(output);
    tokio::spawn(async move {
        signal().await;
        output.note(format!("\n{stopping}; press Ctrl-C again to quit at once"));
        first.cancel();
        signal().await;
        quit();
    });
    token
}

async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
            return;
        }
    }
    let _ = interrupt.await;
}

#[expect(clippy::exit, reason = "the second Ctrl-C means now: no destructor may hold the process back")]
fn quit() {
    std::process::exit(QUIT);
}
