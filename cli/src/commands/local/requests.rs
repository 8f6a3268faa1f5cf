//! Each request of the endpoint as a line: what `pipectl local --verbose` shows.

use std::sync::Arc;
use std::time::Duration;

use pipectl_localstack::{Request, Watcher};

use crate::output::Output;
use crate::output::lines::Line;
use crate::output::style::{BAD, CHANGE, FAINT, GOOD, paint};
use crate::output::words;

/// Shows every request.
pub(super) fn shown_on(output: &Arc<Output>) -> Watcher {
    let output = Arc::clone(output);
    Arc::new(move |request| {
        output.note(line(request));
        output.event(&Line::Request(request.into()));
    })
}

/// `200  kinesis PutRecords clicks  2 ms`
fn line(request: &Request) -> String {
    let style = match request.status {
        _ if request.is_throttled() || request.is_injected => CHANGE,
        0 | 400.. => BAD,
        _ => GOOD,
    };
    let status = if request.status == 0 { "---".to_owned() } else { request.status.to_string() };
    let took = words::duration(Duration::from_micros(request.micros));
    let mut text = format!(
        "{}  {} {} {} {}",
        paint(style, status),
        paint(FAINT, format_args!("{:<10}", request.service)),
        request.operation,
        request.resource,
        paint(FAINT, took)
    );
    if let Some(error) = &request.error {
        text = format!("{text}  {}", paint(style, error));
    }
    if request.is_injected {
        text = format!("{text}  {}", paint(CHANGE, "injected fault"));
    } else if request.is_throttled() {
        text = format!("{text}  {}", paint(CHANGE, "throttled"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(status: u16, error: Option<&str>, is_injected: bool) -> String {
        let request = Request {
            at: 0,
            service: "kinesis",
            operation: "PutRecords".to_owned(),
            resource: "clicks".to_owned(),
            status,
            error: error.map(str::to_owned),
            micros: 2_400,
            is_injected,
        };
        anstream::adapter::strip_str(&line(&request)).to_string()
    }

    #[test]
    fn throttles_and_injected_faults_are_marked() {
        insta::assert_snapshot!(shown(200, None, false), @"200  kinesis    PutRecords clicks 2 ms");
        let some = |code| format!("12 of its records failed: {code}");
        insta::assert_snapshot!(shown(200, Some(&some("ServiceUnavailableException")), false), @"200  kinesis    PutRecords clicks 2 ms  12 of its records failed: ServiceUnavailableException  throttled");
        insta::assert_snapshot!(shown(200, Some(&some("InternalFailure")), true), @"200  kinesis    PutRecords clicks 2 ms  12 of its records failed: InternalFailure  injected fault");
        insta::assert_snapshot!(shown(500, Some("InternalFailure"), true), @"500  kinesis    PutRecords clicks 2 ms  InternalFailure  injected fault");
        insta::assert_snapshot!(shown(0, Some("the connection was closed"), true), @"---  kinesis    PutRecords clicks 2 ms  the connection was closed  injected fault");
    }
}
