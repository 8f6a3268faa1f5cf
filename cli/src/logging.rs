//! Logs for whoever asks: `-v`, or `RUST_LOG` for a filter of one's own. They go to stderr.

use std::io;

use tracing_subscriber::EnvFilter;

/// Starts the subscriber where there is something to show; a plain run pays nothing for it.
pub(crate) fn start(verbose: u8) {
    let filter = match (verbose, std::env::var("RUST_LOG")) {
        (0, Err(_)) => return,
        (0, Ok(filter)) => filter,
        (1, _) => {
            "warn,pipectl=info,pipectl_autoscaler=info,pipectl_pipeline=info,pipectl_producer=info,pipectl_localstack=info".into()
        }
        (2, _) => {
            "info,pipectl=debug,pipectl_autoscaler=debug,pipectl_pipeline=debug,pipectl_producer=debug,pipectl_localstack=debug".into()
        }
        _ => "debug".to_owned(),
    };
    let ansi = !matches!(anstream::AutoStream::choice(&io::stderr()), anstream::ColorChoice::Never);
    let started = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(io::stderr)
        .with_ansi(ansi)
        .try_init();
    // A second subscriber is only possible in tests, where the first one does as well.
    drop(started);
}
