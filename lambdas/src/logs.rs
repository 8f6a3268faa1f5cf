//! Log lines of a function, on standard output, where Lambda collects them.
//!
//! Follows Lambda's own switches: `AWS_LAMBDA_LOG_FORMAT` is `JSON` or `Text`, `AWS_LAMBDA_LOG_LEVEL` the
//! level (`TRACE` to `FATAL`; INFO without it).

use tracing::level_filters::LevelFilter;

/// Starts logging for the process. A second call changes nothing.
pub(crate) fn start() {
    let json = std::env::var("AWS_LAMBDA_LOG_FORMAT").is_ok_and(|format| format.eq_ignore_ascii_case("json"));
    let level = level(std::env::var("AWS_LAMBDA_LOG_LEVEL").ok().as_deref());
    let lines = tracing_subscriber::fmt().with_max_level(level).with_target(false).with_ansi(false);
    // Lambda stamps each text line with its time already. An error means that logging runs.
    let _ = if json {
        lines.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
    } else {
        lines.without_time().try_init()
    };
}

fn level(name: Option<&str>) -> LevelFilter {
    match name.map(str::to_ascii_uppercase).as_deref() {
        Some("TRACE") => LevelFilter::TRACE,
        Some("DEBUG") => LevelFilter::DEBUG,
        Some("WARN") => LevelFilter::WARN,
        Some("ERROR" | "FATAL") => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_named_as_lambda_names_them() {
        assert_eq!(level(Some("Debug")), LevelFilter::DEBUG);
        assert_eq!(level(Some("FATAL")), LevelFilter::ERROR);
        assert_eq!(level(Some("loud")), LevelFilter::INFO);
        assert_eq!(level(None), LevelFilter::INFO);
    }
}
