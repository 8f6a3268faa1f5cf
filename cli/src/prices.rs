//! Which prices hold: the built-in list or the user's own, in the region that is meant.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use pipectl_pipeline::plan::{Assumed, Plan, PlanPrice};
use pipectl_pricing::{PriceError, PriceList, Prices};

use crate::error::{CommandError, Kind};
use crate::output::lines::Line;
use crate::render;
use crate::session::Session;
use crate::units;

/// A price file is a few kilobytes; what is larger is something else.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Where prices come from: the same option for each command that shows some.
#[derive(clap::Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Args {
    /// Take prices from this file; `pipectl estimate --print-prices` writes one to start from
    #[arg(long = "prices", value_name = "FILE", env = "PIPECTL_PRICES", hide_env_values = true)]
    file: Option<PathBuf>,
}

/// How the price of a plan is worked out: the same options for each command that shows a plan.
#[derive(clap::Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct OfPlan {
    #[command(flatten)]
    prices: Args,

    /// Price what is charged by use for this: rate and size of records, and perhaps how long a function
    /// takes: 5000/s,2KiB or 5000/s,2KiB,100ms
    #[arg(long, value_name = "USAGE", value_parser = units::usage)]
    assume: Option<Assumed>,
}

impl OfPlan {
    /// What the plan costs, and what is to be said about the prices.
    pub(crate) fn of(&self, plan: &Plan) -> Result<(PlanPrice, Option<String>), CommandError> {
        let quote = self.prices.quote(Some(&plan.region))?;
        Ok((plan.price(&quote.prices, self.assume.as_ref()), quote.notice))
    }

    /// Shows what the plan costs.
    pub(crate) fn show(&self, session: &Session, plan: &Plan) -> Result<(), CommandError> {
        let (price, notice) = self.of(plan)?;
        if let Some(text) = render::price::text(&price, plan, notice.as_deref()) {
            session.output.prose(text);
        }
        session.output.event(&Line::Price(&price));
        Ok(())
    }
}

/// Prices, and what is to be said about them.
#[derive(Debug)]
pub(crate) struct Quote {
    /// They.
    pub(crate) prices: Prices,
    /// That they are of another region than the one that was asked for.
    pub(crate) notice: Option<String>,
}

impl Args {
    /// The prices of `region`; without one, those of the list's fallback.
    pub(crate) fn quote(&self, region: Option<&str>) -> Result<Quote, CommandError> {
        let list = self.list()?;
        let prices = list.in_region(region.unwrap_or_default());
        let notice = region.filter(|region| !list.knows(region)).map(|region| {
            format!(
                "no prices are known for {region}: these are of {}; --prices takes a file with your own",
                prices.region
            )
        });
        Ok(Quote { prices, notice })
    }

    fn list(&self) -> Result<PriceList, CommandError> {
        let Some(path) = &self.file else { return Ok(PriceList::builtin()) };
        let text = read(path).map_err(|cause| {
            CommandError::wrap(Kind::File, format!("cannot read the prices in {}", path.display()), cause)
        })?;
        PriceList::parse(&text).map_err(|error| {
            let place = match &error {
                PriceError::Parse { line, column, message } => {
                    format!("{}:{line}:{column}: {message}", path.display())
                }
                other => format!("{}: {other}", path.display()),
            };
            CommandError::new(Kind::Invalid, place)
                .hint("`pipectl estimate --print-prices` prints a file that is right")
        })
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

/// The region that the command line or the environment names, as the AWS chain has it, for a command that connects to
/// nothing.
pub(crate) fn region(session: &Session) -> Option<String> {
    let variable = |name| std::env::var(name).ok().filter(|region| !region.is_empty());
    let named = session.globals.region.clone();
    named.or_else(|| variable("AWS_REGION")).or_else(|| variable("AWS_DEFAULT_REGION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(file: Option<PathBuf>) -> Args {
        Args { file }
    }

    #[test]
    fn an_unknown_region_is_said_with_whose_prices_stand_in() {
        let quote = args(None).quote(Some("mars-north-1")).unwrap();
        assert_eq!(quote.prices.region, "us-east-1");
        let notice = quote.notice.unwrap();
        assert!(
            notice.starts_with("no prices are known for mars-north-1: these are of us-east-1"),
            "{notice}"
        );
        assert!(args(None).quote(Some("us-west-2")).unwrap().notice.is_none());
        assert!(args(None).quote(None).unwrap().notice.is_none());
    }

    #[test]
    fn a_mistake_in_the_users_file_is_shown_where_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("prices.json");
        std::fs::write(&path, PriceList::BUILTIN.replacen("0.015", "-0.015", 1)).unwrap();
        let error = args(Some(path)).quote(None).unwrap_err();
        assert!(error.to_string().contains("prices.json:15:"), "{error}");
        assert_eq!(error.kind(), Kind::Invalid);
        let error = args(Some(folder.path().join("none.json"))).quote(None).unwrap_err();
        assert_eq!(error.kind(), Kind::File);
    }
}
