//! `pipectl autoscale simulate`: what each policy would have made of recorded traffic.

use std::path::{Path, PathBuf};

use pipectl_autoscaler::policy;
use pipectl_autoscaler::simulate::trace::Trace;
use pipectl_autoscaler::simulate::{
    Billing, Comparison, Contender, KeySpread, Limits, Outcome, Picture, Scenario, schedule_csv,
};

use crate::error::{CommandError, Exit, Kind};
use crate::output::lines::Line;
use crate::render::simulation;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl autoscale simulate --trace load.csv
  pipectl autoscale simulate --trace load.csv --policy pipectl,aws-samples --reasons
  pipectl autoscale simulate --trace load.csv --frontier --plot load.html
  pipectl autoscale simulate --trace load.csv --policy pipectl --schedule shards.csv --json
  pipectl autoscale simulate --trace load.csv --keys hot:0.2-0.25:0.5

The trace is a CSV file of lines `t_s,load` under that header: seconds, and a load in any unit. Loads up to five
minutes apart are held, coarser ones interpolated; then they are scaled to the mean. 1 is what a shard takes in.";

/// The largest trace that is read: ten years of minutes are a sixth of it.
const MOST_BYTES: u64 = 1 << 30;

/// Show what policies would have made of recorded traffic
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The traffic: a CSV file of `t_s,load`
    #[arg(long, value_name = "FILE")]
    trace: PathBuf,

    /// Scale the loads so that their mean fills this many shards
    #[arg(long, value_name = "SHARDS", default_value = "20", value_parser = mean)]
    mean_shards: f64,

    /// Compare these only; see the table for the names
    #[arg(long = "policy", value_name = "NAME", value_delimiter = ',', value_parser = |text: &str| text.parse::<Contender>())]
    policies: Vec<Contender>,

    /// Where keys fall: uniform, or hot:START-END:SHARE of the hash-key space
    #[arg(long, value_name = "SPREAD", default_value = "uniform", value_parser = |text: &str| text.parse::<KeySpread>())]
    keys: KeySpread,

    /// Fewest shards of our policy
    #[arg(long, value_name = "SHARDS", default_value_t = 1)]
    min: u32,

    /// Most shards of our policy
    #[arg(long, value_name = "SHARDS", default_value_t = 10_000)]
    max: u32,

    /// Minutes until the metrics of a minute that has ended can be read
    #[arg(long, value_name = "MINUTES", default_value_t = 1, value_parser = clap::value_parser!(u16).range(0..=60))]
    metric_delay: u16,

    /// Bytes of a Kinesis record after aggregation, for the dollars
    #[arg(long, value_name = "BYTES", default_value_t = 51_200, value_parser = clap::value_parser!(u32).range(1..=10_485_760))]
    record_bytes: u32,

    /// Consumers that read everything, for the dollars
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=50))]
    consumers: u32,

    /// Show cost against throttling as the headroom varies
    #[arg(long)]
    frontier: bool,

    /// Show when and why something was called, of the first --policy
    #[arg(long)]
    reasons: bool,

    /// Write `t_s,open_shards,operation` of the first --policy, a line a minute
    #[arg(long, value_name = "FILE")]
    schedule: Option<PathBuf>,

    /// Draw it: a .svg or an .html file
    #[arg(long, value_name = "FILE", value_parser = picture)]
    plot: Option<PathBuf>,
}

/// Simulates and shows.
pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    let bounds = policy::Limits::new(args.min, args.max)
        .map_err(|cause| CommandError::new(Kind::Usage, cause).hint("see --min and --max"))?;
    let trace = read(&args.trace)?;
    let loads = trace.minutes(args.mean_shards);
    let limits = Limits { metric_delay_minutes: usize::from(args.metric_delay), ..Limits::default() };
    let scenario = Scenario { loads: &loads, keys: args.keys, limits };
    let billing = Billing {
        record_bytes: f64::from(args.record_bytes),
        consumers: args.consumers,
        ..Billing::default()
    };
    let comparison = Comparison::new(scenario, billing, bounds);
    let outcomes: Vec<Outcome> = args.chosen().into_iter().map(|policy| comparison.outcome(policy)).collect();
    let frontier = if args.frontier { comparison.frontier() } else { Vec::new() };

    let gaps = trace.gaps();
    let facts = simulation::Facts { trace: &args.trace, loads: &loads, mean_shards: args.mean_shards, gaps };
    session.output.event(&Line::Trace(facts.line()));
    if gaps > 0 {
        session.output.note(simulation::gaps(gaps));
    }
    session.output.data(simulation::table(&facts, &outcomes, &frontier));
    simulation::events(&session.output, &outcomes, &frontier);
    if let (true, Some(first)) = (args.reasons, outcomes.first()) {
        simulation::reasons(&session.output, first);
    }
    if let (Some(path), Some(first)) = (&args.schedule, outcomes.first()) {
        write(session, path, &schedule_csv(scheduled(first)?))?;
    }
    if let Some(path) = &args.plot {
        let title =
            args.trace.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let drawn = Picture { title: &title, loads: &loads, outcomes: &outcomes, frontier: &frontier };
        let html = path.extension().is_some_and(|ending| ending != "svg");
        write(session, path, &if html { drawn.html() } else { drawn.svg() })?;
    }
    Ok(Exit::Success)
}

impl Args {
    /// Who takes part: each once, in the order they were named.
    fn chosen(&self) -> Vec<Contender> {
        let named = if self.policies.is_empty() { &Contender::ALL[..] } else { &self.policies[..] };
        let once = |(place, policy): &(usize, &Contender)| !named[..*place].contains(policy);
        named.iter().enumerate().filter(once).map(|(_, policy)| *policy).collect()
    }
}

fn read(path: &Path) -> Result<Trace, CommandError> {
    let unread = |cause: std::io::Error| {
        CommandError::wrap(Kind::File, format!("cannot read the trace {}", path.display()), cause)
    };
    if std::fs::metadata(path).map_err(unread)?.len() > MOST_BYTES {
        let what = format!("the trace {} is over 1 GiB", path.display());
        return Err(CommandError::new(Kind::Invalid, what).hint("a line a minute is as fine as it is read"));
    }
    let text = std::fs::read_to_string(path).map_err(unread)?;
    Trace::parse(&text).map_err(|cause| {
        CommandError::wrap(Kind::Invalid, format!("{} is no trace", path.display()), cause)
            .hint("a trace has the header `t_s,load`, then lines of seconds and load, such as `300,12.5`")
    })
}

fn scheduled(outcome: &Outcome) -> Result<&[pipectl_autoscaler::simulate::rules::Minute], CommandError> {
    outcome.schedule.as_deref().ok_or_else(|| {
        let what = format!("{} has no schedule: AWS sizes the stream", outcome.contender);
        CommandError::new(Kind::Usage, what).hint("name another with --policy")
    })
}

fn write(session: &Session, path: &Path, text: &str) -> Result<(), CommandError> {
    std::fs::write(path, text).map_err(|cause| {
        CommandError::wrap(Kind::File, format!("cannot write `{}`", path.display()), cause)
    })?;
    session.output.note(simulation::wrote(path));
    session.output.event(&Line::Wrote { file: path });
    Ok(())
}

fn mean(text: &str) -> Result<f64, String> {
    let shards: f64 = text.parse().map_err(|_| "write a number of shards, such as 20".to_owned())?;
    if shards > 0.0 && shards <= 10_000.0 {
        Ok(shards)
    } else {
        Err("it lies over 0, and at most at 10000".to_owned())
    }
}

fn picture(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("svg" | "html") => Ok(path),
        _ => Err("its name ends in .svg or .html".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_is_a_number_of_shards() {
        assert_eq!(mean("0.5"), Ok(0.5));
        for wrong in ["0", "-1", "nan", "inf", "20000", "many"] {
            assert!(mean(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_picture_is_an_svg_or_a_page() {
        assert!(picture("a.svg").is_ok() && picture("a.b/c.html").is_ok());
        assert!(picture("a.png").is_err() && picture("svg").is_err());
    }
}
