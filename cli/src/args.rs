//! The shape of the command line: the global options and the list of commands.
//!
//! Each command's own options stand in its file under `commands/`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory as _, Parser, ValueEnum};

use crate::commands::Command;

/// The pipeline file of a command that is told of no other.
pub(crate) const DEFAULT_PIPELINE: &str = "pipeline.yaml";

const EXAMPLES: &str = "\
Examples:
  pipectl demo                                 see the whole pipeline run on this machine
  pipectl init clickstream                     write a pipeline.yaml to start from
  pipectl plan                                 show what apply would do
  pipectl apply                                make it so
  pipectl produce events --file access.log.gz  feed it
  pipectl destroy                              take it down again";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "pipectl",
    version,
    about = "One YAML file becomes a running streaming pipeline on AWS.",
    long_about = "One YAML file becomes a running streaming pipeline on AWS: Kinesis streams, Lambda \
                  transforms, Firehose deliveries and the roles, buckets and log groups between them.\n\n\
                  pipectl plans it, applies it, feeds it and watches it, and can stand in for AWS on your \
                  own machine (`pipectl local`).",
    after_help = format!("{EXAMPLES}\n\n{}", crate::exit_codes::list()),
    styles = crate::output::style::help(),
    max_term_width = 100,
    propagate_version = true,
    disable_help_subcommand = true,
)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl CommandLine {
    /// The command line of these words.
    ///
    /// A mistake is shown with the usage of what was typed. clap would list among it what the environment says as well, for
    /// an option is given in either way; so the mistake is looked for once more without the environment.
    pub(crate) fn read(words: impl IntoIterator<Item = OsString> + Clone) -> Result<Self, clap::Error> {
        match Self::try_parse_from(words.clone()) {
            Err(error) if error.use_stderr() => {
                let typed = without_environment(Self::command()).try_get_matches_from(words);
                // A mistake that is not there without it is the environment's.
                Err(typed.err().unwrap_or(error))
            }
            read => read,
        }
    }
}

fn without_environment(command: clap::Command) -> clap::Command {
    command.mut_args(|arg| arg.env(None::<&'static str>)).mut_subcommands(without_environment)
}

/// Options that every command takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct Globals {
    /// The pipeline file, or a folder of them; `-` is stdin
    #[arg(
        id = "pipeline-file",
        short = 'f',
        long = "pipeline-file",
        global = true,
        value_name = "FILE",
        default_value = DEFAULT_PIPELINE
    )]
    #[arg(help_heading = PIPELINE)]
    pub(crate) file: PathBuf,

    /// Only this pipeline, where the file or folder has several; may be given several times
    #[arg(long, global = true, value_name = "NAME", help_heading = PIPELINE)]
    pub(crate) pipeline: Vec<String>,

    /// Give a variable this value; may be given several times
    #[arg(long, global = true, value_name = "NAME=VALUE", help_heading = PIPELINE)]
    pub(crate) var: Vec<String>,

    /// Take the values of variables from this YAML file; may be given several times
    #[arg(long, global = true, value_name = "FILE", help_heading = PIPELINE)]
    pub(crate) var_file: Vec<PathBuf>,

    /// Lay this file over the pipeline file: mappings merge, lists replace, `null` removes; may be given several times
    #[arg(long, global = true, value_name = "FILE", help_heading = PIPELINE)]
    pub(crate) overlay: Vec<PathBuf>,

    /// Keep lock and history in this folder instead of an S3 bucket
    #[arg(long, global = true, value_name = "DIR", env = "PIPECTL_STATE", hide_env_values = true, help_heading = PIPELINE)]
    pub(crate) state: Option<PathBuf>,

    /// Wait this long for another apply to let go of the lock
    #[arg(long, global = true, value_name = "TIME", default_value = "10s", value_parser = duration)]
    #[arg(help_heading = PIPELINE)]
    pub(crate) lock_timeout: Duration,

    /// The Linux `pipectl` binary that transforms run in Lambda, where this one does not fit
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "PIPECTL_LAMBDA_BOOTSTRAP",
        hide_env_values = true
    )]
    #[arg(help_heading = PIPELINE)]
    pub(crate) lambda_bootstrap: Option<PathBuf>,

    /// Talk to this endpoint instead of AWS
    #[arg(long, global = true, value_name = "URL", env = "AWS_ENDPOINT_URL", hide_env_values = true, help_heading = AWS)]
    pub(crate) endpoint_url: Option<String>,

    /// The AWS region, where the file names none
    #[arg(long, global = true, value_name = "REGION", help_heading = AWS)]
    pub(crate) region: Option<String>,

    /// The profile from your AWS configuration
    #[arg(long, global = true, value_name = "NAME", help_heading = AWS)]
    pub(crate) profile: Option<String>,

    /// One JSON event a line on stdout, a version line first
    #[arg(long, global = true, help_heading = OUTPUT)]
    pub(crate) json: bool,

    /// When to colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = OUTPUT)]
    pub(crate) color: Color,

    /// Print data and errors only
    #[arg(short, long, global = true, help_heading = OUTPUT)]
    pub(crate) quiet: bool,

    /// Log what happens to stderr; -vv for more, -vvv for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = OUTPUT)]
    pub(crate) verbose: u8,
}

const PIPELINE: &str = "Pipeline options";
const AWS: &str = "AWS options";
const OUTPUT: &str = "Output options";

/// When to colour.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Also into pipes and files
    Always,
    /// Never
    Never,
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
    }
}

/// Reads `50ms`, `10s`, `2m`, `1h30m`: a number always has its unit.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let advice = "write a number with its unit, such as 50ms, 10s or 2m";
    let signed: jiff::SignedDuration = text.parse().map_err(|_| advice.to_owned())?;
    Duration::try_from(signed).map_err(|_| "a duration cannot be negative".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("50ms"), Ok(Duration::from_millis(50)));
        assert_eq!(duration("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        assert!(duration("10").is_err());
        assert!(duration("-5s").is_err());
        assert!(duration("").is_err());
    }

    /// Every line of help that starts with `pipectl` (after `cat x |`, too) is a command that parses.
    #[test]
    fn every_example_in_the_help_parses() {
        let mut root = CommandLine::command();
        root.build();
        let mut seen = 0;
        let mut queue = vec![root];
        while let Some(command) = queue.pop() {
            queue.extend(command.get_subcommands().cloned());
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in help.lines().filter_map(example) {
                let parsed = CommandLine::try_parse_from(&line);
                assert!(parsed.is_ok(), "`{}`: {}", line.join(" "), parsed.unwrap_err());
                seen += 1;
            }
        }
        assert!(seen > 20, "only {seen} examples found");
    }

    #[test]
    fn every_command_in_the_readme_parses() {
        let mut fenced = false;
        for line in include_str!("../../README.md").lines() {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
            } else if let (true, Some(command)) =
                (fenced, example(line.trim_start().trim_start_matches("$ ")))
            {
                let parsed = CommandLine::try_parse_from(&command);
                assert!(parsed.is_ok(), "`{}`: {}", command.join(" "), parsed.unwrap_err());
            }
        }
    }

    /// The words of an example line; what stands after two spaces is its explanation.
    fn example(line: &str) -> Option<Vec<String>> {
        let line = line.trim_start();
        let start = line.find("pipectl ").filter(|at| *at == 0 || line[..*at].ends_with(['|', '(', ' ']))?;
        if line
            .starts_with(|first: char| first.is_ascii_uppercase() || first.is_ascii_digit() || first == '`')
        {
            return None;
        }
        let command =
            line[start..].split("  ").next().unwrap_or_default().split(" #").next().unwrap_or_default();
        let command = command.split([')', '|', '>']).next().unwrap_or_default();
        Some(command.split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned()).collect())
    }
}
