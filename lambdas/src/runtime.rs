//! Serves a built-in function over the Lambda Runtime API, on one thread: Lambda gives a function one
//! invocation at a time, and small functions get a fraction of a core.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io::BufWriter;
use std::path::PathBuf;

use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde_json::Value;
use thiserror::Error;

use crate::batch::transform_event;
use crate::call::{ProgramFailed, call};
use crate::firehose::{Event, Reply};
use crate::vrl::{Problem, Transform, compile};
use crate::{init_error, logs};

/// Names the built-in function that this process shall serve.
const FUNCTION: &str = "PIPECTL_FUNCTION";

/// The functions that are built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Runs `$LAMBDA_TASK_ROOT/transform.vrl` over Firehose records.
    VrlTransform,
    /// Runs the same program over the records of a Kinesis stream, or over any other event.
    VrlFunction,
}

impl Function {
    /// The name of the function in `PIPECTL_FUNCTION`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::VrlTransform => "vrl-transform",
            Self::VrlFunction => "vrl-function",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::VrlTransform, Self::VrlFunction].into_iter().find(|function| function.name() == name)
    }
}

/// Why a function does not start, or ended.
#[derive(Debug, Error)]
pub enum ServeError {
    /// `PIPECTL_FUNCTION` is not set.
    #[error(
        "this is a Lambda function of pipectl, but PIPECTL_FUNCTION does not say which (known: vrl-transform, vrl-function)"
    )]
    NoFunction,
    /// `PIPECTL_FUNCTION` names nothing that is built in.
    #[error("there is no built-in function `{0}` (known: vrl-transform, vrl-function)")]
    UnknownFunction(String),
    /// A variable that Lambda always sets is not there, or not as Lambda sets it.
    #[error("{0} is not set as Lambda sets it: was this started by Lambda?")]
    Environment(&'static str),
    /// The program could not be read.
    #[error("cannot read the program {path}")]
    ReadProgram {
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The program does not compile.
    #[error("the program {path} does not compile: {}", summary(.problems))]
    Compile {
        /// Where it was read.
        path: PathBuf,
        /// What is wrong with it.
        problems: Vec<Problem>,
    },
    /// The async runtime did not start.
    #[error("cannot start the async runtime")]
    StartRuntime(#[source] std::io::Error),
    /// The Lambda Runtime API went away or answered what it should not.
    #[error("the Lambda Runtime API failed: {0}")]
    RuntimeApi(String),
}

impl ServeError {
    fn kind(&self) -> &'static str {
        match self {
            Self::NoFunction | Self::UnknownFunction(_) => "Pipectl.UnknownFunction",
            Self::Environment(_) => "Pipectl.Environment",
            Self::ReadProgram { .. } => "Pipectl.ReadProgram",
            Self::Compile { .. } => "Pipectl.ProgramDoesNotCompile",
            Self::StartRuntime(_) | Self::RuntimeApi(_) => "Pipectl.Runtime",
        }
    }
}

/// Whether Lambda, or something that speaks its Runtime API, started this process.
#[must_use]
pub fn is_lambda() -> bool {
    std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some_and(|api| !api.is_empty())
}

/// Serves the function that `PIPECTL_FUNCTION` names until Lambda ends the process.
///
/// Starts its own async runtime, so it must not be called from within one. Logs to standard output.
///
/// # Errors
/// What kept the function from starting, after it was reported to the Runtime API; or the Runtime API
/// failing. The process should then exit with a status other than 0.
pub fn serve() -> Result<(), ServeError> {
    logs::start();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(ServeError::StartRuntime)?
        .block_on(serve_function())
}

async fn serve_function() -> Result<(), ServeError> {
    match start() {
        Ok((Function::VrlTransform, transform)) => transforms(transform).await,
        Ok((Function::VrlFunction, transform)) => answers(transform).await,
        Err(error) => {
            let message = with_causes(&error);
            tracing::error!(error = message, "the function cannot start");
            init_error::report(error.kind(), &message).await;
            Err(error)
        }
    }
}

/// Everything that can be wrong before the first invocation.
fn start() -> Result<(Function, Transform), ServeError> {
    let name = std::env::var(FUNCTION).map_err(|_| ServeError::NoFunction)?;
    let Some(function) = Function::named(&name) else {
        return Err(ServeError::UnknownFunction(name));
    };
    // lambda_runtime panics without these.
    for variable in ["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION"] {
        std::env::var(variable).map_err(|_| ServeError::Environment(variable))?;
    }
    let memory = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";
    std::env::var(memory)
        .ok()
        .and_then(|size| size.parse::<i32>().ok())
        .ok_or(ServeError::Environment(memory))?;

    let root = std::env::var_os("LAMBDA_TASK_ROOT").ok_or(ServeError::Environment("LAMBDA_TASK_ROOT"))?;
    let path = PathBuf::from(root).join("transform.vrl");
    let source = match std::fs::read_to_string(&path) {
        Ok(source) => source,
        Err(source) => return Err(ServeError::ReadProgram { path, source }),
    };
    match compile(&source) {
        Ok(compiled) => Ok((function, Transform::new(compiled))),
        Err(problems) => Err(ServeError::Compile { path, problems }),
    }
}

async fn transforms(mut transform: Transform) -> Result<(), ServeError> {
    let handler = service_fn(move |event: LambdaEvent<Event>| -> Ready<Result<Reply, Infallible>> {
        ready(Ok(transform_event(&mut transform, event.payload, &event.context.request_id).0))
    });
    Runtime::new(handler).run().await.map_err(|error| ServeError::RuntimeApi(error.to_string()))
}

async fn answers(mut transform: Transform) -> Result<(), ServeError> {
    let handler = service_fn(move |event: LambdaEvent<Value>| -> Ready<Result<Value, ProgramFailed>> {
        let mut lines = BufWriter::new(std::io::stdout());
        ready(call(&mut transform, &event.payload, &event.context.request_id, &mut lines))
    });
    Runtime::new(handler).run().await.map_err(|error| ServeError::RuntimeApi(error.to_string()))
}

impl From<ProgramFailed> for Diagnostic {
    fn from(failed: ProgramFailed) -> Self {
        Diagnostic { error_type: "Pipectl.ProgramFailed".to_owned(), error_message: failed.to_string() }
    }
}

fn summary(problems: &[Problem]) -> String {
    problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("; ")
}

fn with_causes(error: &ServeError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
