//! The payloads of invocations that failed outside the function's own code, as AWS shapes them.

use bytes::Bytes;
use serde_json::json;

/// How an invocation failed without an answer of the function.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Failure {
    /// It took longer than its time-out, in seconds.
    TimedOut(u32),
    /// The process ended; `exit status 1`, `signal: killed`.
    Exited(Option<String>),
    /// The package has no `bootstrap` to start, or it does not start.
    InvalidEntrypoint(String),
    /// The answer was larger than AWS passes on.
    ResponseTooLarge,
}

/// Largest answer of a function AWS passes on.
pub(super) const MAX_RESPONSE: usize = 6_291_556;

impl Failure {
    /// AWS's name of it.
    pub(super) fn error_type(&self) -> &'static str {
        match self {
            Self::TimedOut(_) => "Sandbox.Timedout",
            Self::Exited(_) => "Runtime.ExitError",
            Self::InvalidEntrypoint(_) => "Runtime.InvalidEntrypoint",
            Self::ResponseTooLarge => "Function.ResponseSizeTooLarge",
        }
    }

    fn message(&self, request_id: &str) -> String {
        let error = match self {
            Self::TimedOut(seconds) => format!("Task timed out after {seconds}.00 seconds"),
            Self::Exited(Some(status)) => format!("Runtime exited with error: {status}"),
            Self::Exited(None) => "Runtime exited without providing a reason".to_owned(),
            Self::InvalidEntrypoint(reason) => reason.clone(),
            Self::ResponseTooLarge => {
                return format!(
                    "Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE} bytes)."
                );
            }
        };
        format!("RequestId: {request_id} Error: {error}")
    }

    /// The payload the caller gets.
    pub(super) fn payload(&self, request_id: &str) -> Bytes {
        json!({ "errorType": self.error_type(), "errorMessage": self.message(request_id) }).to_string().into()
    }

    /// The line AWS adds to the log, where it adds one.
    pub(super) fn log_line(&self, request_id: &str) -> String {
        match self {
            Self::TimedOut(seconds) => format!("{request_id} Task timed out after {seconds}.00 seconds"),
            _ => format!("{}\n{}", self.message(request_id), self.error_type()),
        }
    }
}

/// Words for how a process ended, as Go's `os/exec`, and so AWS, has them. `None` for exit status 0.
pub(super) fn words_of(status: std::process::ExitStatus) -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        if let Some(signal) = status.signal() {
            let name = match signal {
                6 => "aborted",
                9 => "killed",
                11 => "segmentation fault",
                15 => "terminated",
                _ => return Some(format!("signal: {signal}")),
            };
            return Some(format!("signal: {name}"));
        }
    }
    status.code().filter(|code| *code != 0).map(|code| format!("exit status {code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(failure: &Failure) -> String {
        String::from_utf8(failure.payload("id-1").to_vec()).unwrap()
    }

    #[test]
    fn payloads_are_what_aws_sends() {
        assert_eq!(
            text(&Failure::TimedOut(3)),
            r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: id-1 Error: Task timed out after 3.00 seconds"}"#
        );
        assert_eq!(
            text(&Failure::Exited(Some("exit status 1".to_owned()))),
            r#"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: id-1 Error: Runtime exited with error: exit status 1"}"#
        );
        assert!(text(&Failure::Exited(None)).contains("Runtime exited without providing a reason"));
    }
}
