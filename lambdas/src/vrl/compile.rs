//! Compiles and type-checks a VRL program, and says what is wrong with it in byte positions of the program.
//!
//! The functions are VRL's standard library without those that reach outside the record: environment,
//! host and network. A transform is a pure function of its record; a call to one of them gets told so,
//! rather than "undefined function, did you mean …".

use std::ops::Range;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use ::vrl::compiler::codes::ExprCode;
use ::vrl::compiler::{CompileConfig, Program, TypeState};
use ::vrl::diagnostic::{Diagnostic, Label, Note, Severity as VrlSeverity};

/// The largest program that is compiled. A Lambda transform is a page or two; more than this is a wrong file.
const MAX_PROGRAM_BYTES: usize = 128 * 1024;

/// The deepest nesting of brackets that is compiled: VRL's compiler recurses, and a stack ends.
const MAX_NESTING: usize = 100;

/// The longest chain of operators in one expression, for the same reason.
const MAX_CHAIN: usize = 1_000;

/// Errors told of one program.
const MAX_PROBLEMS: usize = 20;

/// How long a program may take to compile. Real ones take milliseconds; VRL's type checker takes time that
/// doubles with each level of some nestings.
const COMPILE_TIME: Duration = Duration::from_secs(10);

/// The stack on which programs are compiled. Only the pages that are used take memory.
const COMPILE_STACK_BYTES: usize = 64 * 1024 * 1024;

/// A program that compiled.
#[derive(Debug)]
pub struct Compiled {
    /// The program, ready to run.
    pub(crate) program: Program,
    /// What compiled but is probably not meant, such as an unused result.
    pub warnings: Vec<Problem>,
}

/// How bad a [`Problem`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The program does not compile.
    Error,
    /// The program compiles.
    Warning,
}

/// One thing that is wrong with a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Whether it keeps the program from running.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// Where, as byte offsets into the program, within its bounds and on character borders.
    pub span: Range<usize>,
    /// How to mend it.
    pub help: Option<String>,
}

/// Checks a program without keeping it.
///
/// # Errors
/// Every error found, in the order of the program; never empty.
pub fn check(source: &str) -> Result<Vec<Problem>, Vec<Problem>> {
    compile(source).map(|compiled| compiled.warnings)
}

/// Compiles a program against the functions a transform may call.
///
/// # Errors
/// Every error found, in the order of the program; never empty.
pub fn compile(source: &str) -> Result<Compiled, Vec<Problem>> {
    refuse_what_would_overflow(source).map_err(|problem| vec![problem])?;
    let (done, compiled) = mpsc::channel();
    let owned = source.to_owned();
    let spawned = std::thread::Builder::new()
        .name("vrl-compile".to_owned())
        .stack_size(COMPILE_STACK_BYTES)
        // Nobody listens any more after the time-out: fine.
        .spawn(move || drop(done.send(compile_here(&owned))));
    if let Err(error) = spawned {
        return Err(vec![whole(source, format!("no thread to compile the program on: {error}"))]);
    }
    compiled.recv_timeout(COMPILE_TIME).unwrap_or_else(|error| {
        Err(vec![match error {
            RecvTimeoutError::Timeout => Problem {
                help: Some("assign the inner parts of long expressions to variables first".to_owned()),
                ..whole(source, format!("the program does not compile within {COMPILE_TIME:?}"))
            },
            RecvTimeoutError::Disconnected => {
                whole(source, "the VRL compiler failed on this program".to_owned())
            }
        }])
    })
}

fn compile_here(source: &str) -> Result<Compiled, Vec<Problem>> {
    let functions = ::vrl::stdlib::all();
    match ::vrl::compiler::compile_with_state(
        source,
        &functions,
        &TypeState::default(),
        CompileConfig::default(),
    ) {
        Ok(result) => Ok(Compiled {
            program: result.program,
            warnings: result.warnings.iter().map(|warning| problem(source, warning)).collect(),
        }),
        Err(diagnostics) => {
            let mut problems: Vec<Problem> = diagnostics
                .iter()
                .filter(|diagnostic| diagnostic.is_problem())
                .map(|diagnostic| problem(source, diagnostic))
                .collect();
            if problems.is_empty() {
                problems.push(whole(source, "the program does not compile".to_owned()));
            }
            problems.sort_by_key(|problem| problem.span.start);
            problems.truncate(MAX_PROBLEMS);
            Err(problems)
        }
    }
}

/// A diagnostic of VRL in our terms: its first label says what, the others and the notes say how to mend it.
fn problem(source: &str, diagnostic: &Diagnostic) -> Problem {
    let severity = match diagnostic.severity {
        VrlSeverity::Warning | VrlSeverity::Note => Severity::Warning,
        VrlSeverity::Error | VrlSeverity::Bug => Severity::Error,
    };
    let main = diagnostic.labels.iter().find(|label| label.primary).or_else(|| diagnostic.labels.first());
    let span = main.map_or(0..source.len(), |label| within(source, label.span.range()));
    if diagnostic.code == ExprCode::UndefinedFunction as usize
        && let Some(withheld) = source.get(span.clone()).and_then(withheld)
    {
        return Problem { severity, span, ..withheld };
    }
    if diagnostic.message == "syntax error"
        && let Some(text) = source.get(span.clone()).map(str::trim).filter(|text| !text.is_empty())
        && main.is_some_and(|label| label.message.contains("unexpected syntax token"))
    {
        let message = format!("syntax error: `{text}` is out of place here");
        return Problem { severity, message, span, help: None };
    }
    let message = match main.map(|label| label.message.trim()) {
        Some(label) if !label.is_empty() && label != diagnostic.message => {
            format!("{}: {label}", diagnostic.message)
        }
        _ => diagnostic.message.clone(),
    };
    Problem { severity, message, span, help: help(diagnostic, main) }
}

fn help(diagnostic: &Diagnostic, main: Option<&Label>) -> Option<String> {
    let labels = diagnostic
        .labels
        .iter()
        .filter(|label| main != Some(label))
        .map(|label| label.message.trim().trim_end_matches(':').to_owned());
    let notes = diagnostic.notes.iter().filter_map(|note| match note {
        Note::Hint(text) | Note::Basic(text) | Note::UserErrorMessage(text) => Some(text.trim().to_owned()),
        Note::Example(text) => Some(format!("for example {text}")),
        Note::CoerceValue => {
            Some("coerce the value to the type it needs, as in `string!(.field)`".to_owned())
        }
        Note::SeeFunctionDocs(function) => Some(format!("see https://functions.vrl.dev/{function}")),
        _ => None,
    });
    let parts: Vec<String> = labels.chain(notes).filter(|text| !text.is_empty()).collect();
    if !parts.is_empty() {
        return Some(parts.join("; "));
    }
    // VRL's own error pages cover this range of codes.
    (100..=110).contains(&diagnostic.code).then(|| format!("see https://errors.vrl.dev/{}", diagnostic.code))
}

/// The functions of Vector that a transform does not have, and why.
fn withheld(function: &str) -> Option<Problem> {
    let (reach, help) = match function {
        "get_env_var" => ("reads the environment", "write the value into the program"),
        "get_hostname" | "get_timezone_name" => {
            ("reads the host it runs on", "a Lambda host means nothing to a record: write the value down")
        }
        "parse_proto" | "encode_proto" | "validate_json_schema" => {
            ("reads a file", "use a transform with your own `package` for this")
        }
        "parse_etld" => ("reads a file", "use `parse_url!` and `split` for the host"),
        "dns_lookup" | "reverse_dns" | "http_request" => (
            "calls the network",
            "look it up after delivery, or use a transform with your own `package` for this",
        ),
        "get_enrichment_table_record" | "find_enrichment_table_records" => {
            ("reads a table that only Vector has", "write a small table into the program as an object")
        }
        "get_secret" | "set_secret" | "remove_secret" | "set_semantic_meaning" => {
            ("needs Vector around it", "remove the call")
        }
        _ => return None,
    };
    Some(Problem {
        severity: Severity::Error,
        message: format!(
            "`{function}` {reach}, which a transform cannot do: it sees its record and nothing else"
        ),
        span: 0..0,
        help: Some(help.to_owned()),
    })
}

/// A span that a slice of `source` can be taken with, whatever VRL says.
fn within(source: &str, span: Range<usize>) -> Range<usize> {
    let start = floor_char_boundary(source, span.start);
    let end = floor_char_boundary(source, span.end.max(start));
    start..end.max(start)
}

fn floor_char_boundary(source: &str, at: usize) -> usize {
    let mut at = at.min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn whole(source: &str, message: String) -> Problem {
    Problem { severity: Severity::Error, message, span: 0..source.len(), help: None }
}

/// Refuses what VRL's recursive compiler could not take with any stack, without understanding the program:
/// brackets inside strings count too, which no real program notices.
fn refuse_what_would_overflow(source: &str) -> Result<(), Problem> {
    if source.len() > MAX_PROGRAM_BYTES {
        return Err(Problem {
            help: Some("is this the right file?".to_owned()),
            ..whole(
                source,
                format!("a program of {} bytes; at most {MAX_PROGRAM_BYTES} are taken", source.len()),
            )
        });
    }
    let mut nesting = Nesting::default();
    for (at, byte) in source.bytes().enumerate() {
        nesting.take(byte);
        if nesting.depth > MAX_NESTING || nesting.chain > MAX_CHAIN {
            return Err(Problem {
                help: Some("assign the inner parts to variables first".to_owned()),
                span: within(source, at..at + 1),
                ..whole(source, "this is nested too deeply to compile".to_owned())
            });
        }
    }
    Ok(())
}

/// A rough measure of how deep the compiler will recurse.
#[derive(Default)]
struct Nesting {
    depth: usize,
    chain: usize,
    after_operator: bool,
    after_line_end: bool,
}

impl Nesting {
    fn take(&mut self, byte: u8) {
        if byte == b'\n' {
            self.after_line_end = true;
        }
        if byte.is_ascii_whitespace() {
            return;
        }
        let operator =
            matches!(byte, b'+' | b'-' | b'*' | b'/' | b'!' | b'|' | b'&' | b'?' | b'=' | b'<' | b'>');
        // An operator at the end of a line or at the start of the next one carries the expression on.
        if self.after_line_end && !operator && !self.after_operator {
            self.chain = 0;
        }
        match byte {
            b'(' | b'[' | b'{' => (self.depth, self.chain) = (self.depth + 1, 0),
            b')' | b']' | b'}' => self.depth = self.depth.saturating_sub(1),
            b';' | b',' => self.chain = 0,
            _ => self.chain += usize::from(operator),
        }
        (self.after_operator, self.after_line_end) = (operator, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(source: &str) -> Vec<Problem> {
        compile(source).map(|_| ()).expect_err(source)
    }

    #[test]
    fn a_program_for_access_logs_compiles_without_a_warning() {
        let source = ". = parse_apache_log!(.message, format: \"combined\")\n.host = sha2(string!(.host))\n";
        assert_eq!(check(source), Ok(vec![]));
    }

    #[test]
    fn an_unhandled_failure_is_shown_at_the_call_with_the_way_out() {
        let source = ".ok = true\n.fields = parse_json(.message)\n";
        let problems = errors(source);
        assert_eq!(problems.len(), 1);
        assert_eq!(&source[problems[0].span.clone()], "parse_json(.message)");
        assert!(problems[0].message.contains("fallible"), "{}", problems[0].message);
        assert!(problems[0].help.as_deref().is_some_and(|help| help.contains("parse_json!")), "{problems:?}");
    }

    #[test]
    fn all_errors_of_a_program_come_together_and_in_order() {
        let source = ".a = nope()\n.b = parse_json(.message)\n.c = also_nope()\n";
        let problems = errors(source);
        assert_eq!(problems.len(), 3, "{problems:?}");
        let texts: Vec<&str> = problems.iter().map(|problem| &source[problem.span.clone()]).collect();
        assert_eq!(texts, ["nope", "parse_json(.message)", "also_nope"]);
    }

    #[test]
    fn a_syntax_error_has_its_place() {
        let source = ".a = 1\n.b = (2 +\n";
        let problems = errors(source);
        assert!(problems[0].span.start >= 7, "{problems:?}");
        assert!(problems[0].message.contains("syntax"), "{problems:?}");
    }

    #[test]
    fn functions_that_reach_outside_the_record_say_that_they_are_withheld() {
        for (call, reach) in [
            ("get_env_var!(\"HOME\")", "environment"),
            ("get_hostname!()", "host"),
            ("dns_lookup!(\"example.com\")", "network"),
            ("http_request!(\"http://example.com\")", "network"),
            ("parse_proto!(.message, \"/tmp/x\", \"T\")", "file"),
        ] {
            let source = format!(".x = {call}\n");
            let problems = errors(&source);
            let name = call.split('!').next().expect("a name");
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert_eq!(&source[problems[0].span.clone()], name);
            assert!(problems[0].message.contains(reach), "{problems:?}");
            assert!(
                !problems[0].help.as_deref().unwrap_or_default().contains("did you mean"),
                "{problems:?}"
            );
        }
    }

    #[test]
    fn a_misspelt_function_gets_a_suggestion() {
        let problems = errors(".x = parse_jsn!(.message)\n");
        assert!(problems[0].help.as_deref().is_some_and(|help| help.contains("parse_json")), "{problems:?}");
    }

    #[test]
    fn an_unused_result_is_a_warning_and_not_an_error() {
        let source = "parse_json!(.message)\n.x = 1\n";
        let warnings = check(source).expect("it compiles");
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert_eq!(warnings[0].severity, Severity::Warning);
        assert!(warnings[0].span.start < 21, "{warnings:?}");
    }

    #[test]
    fn an_empty_program_changes_nothing_and_compiles() {
        assert_eq!(check(""), Ok(vec![]));
        assert_eq!(check("# only a comment\n"), Ok(vec![]));
    }

    #[test]
    fn programs_made_to_exhaust_the_stack_are_refused() {
        for source in [
            format!(".a = {}1{}", "(".repeat(60_000), ")".repeat(60_000)),
            format!(".a = {}1{}", "[".repeat(60_000), "]".repeat(60_000)),
            format!(".a = {}true", "!".repeat(60_000)),
            format!(".a = 1{}", " + 1".repeat(30_000)),
            format!(".a = 1{}", "\n+ 1".repeat(30_000)),
            format!(".a = 1{}", " +\n1".repeat(30_000)),
            "x".repeat(MAX_PROGRAM_BYTES + 1),
        ] {
            assert_eq!(errors(&source).len(), 1);
        }
    }

    #[test]
    fn what_is_just_within_the_bounds_compiles_on_the_stack_it_gets() {
        let brackets = format!(".a = {}1{}", "(".repeat(MAX_NESTING), ")".repeat(MAX_NESTING));
        let nots = format!(".a = {}true", "!".repeat(MAX_CHAIN - 1));
        let ors = format!(".a = .b == 0{}", " ||\n  .b == 1".repeat(100));
        let lines = ".a = 1 + 1\n".repeat(MAX_CHAIN);
        for source in [brackets, nots, ors, lines] {
            assert_eq!(check(&source).map_err(|mut problems| problems.swap_remove(0)), Ok(vec![]));
        }
    }

    #[test]
    fn a_token_out_of_place_is_named_as_it_is_written_and_the_list_of_errors_ends() {
        let problems = errors(&".a = 1\n|| 2\n".repeat(1_000));
        assert_eq!(problems[0].message, "syntax error: `||` is out of place here");
        assert_eq!(problems[0].help, None, "twenty alternatives are no help");
        assert_eq!(problems.len(), MAX_PROBLEMS);
    }

    #[test]
    fn spans_stay_on_character_borders() {
        let source = ".a = \"ü\"\n.ü = é(\n";
        for problem in errors(source) {
            assert!(source.get(problem.span.clone()).is_some(), "{problem:?}");
        }
    }
}
