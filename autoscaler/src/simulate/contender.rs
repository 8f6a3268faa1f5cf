//! Who takes part in a comparison, by the names they go by on the command line.

use std::fmt;
use std::str::FromStr;

/// A policy, a fixed size, a capacity mode, or an optimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Contender {
    /// Our own policy.
    Pipectl,
    /// awslabs/amazon-kinesis-scaling-utils.
    ScalingUtils,
    /// aws-samples/kinesis-auto-scaling.
    AwsSamples,
    /// epsagon/kinesis-autoscaler.
    Epsagon,
    /// Never resharded, sized for the mean.
    StaticMean,
    /// Never resharded, sized in hindsight for 99 of 100 minutes.
    StaticP99,
    /// Never resharded, sized in hindsight for the highest minute.
    StaticPeak,
    /// On-demand Standard.
    OnDemandStandard,
    /// On-demand Advantage.
    OnDemandAdvantage,
    /// The cheapest without throttling, with ten calls in each day of the trace: the measure.
    Optimum,
    /// A cheapest without throttling that is legal in every rolling day.
    OptimumLegal,
    /// The cheapest without throttling and without the day's limit.
    OptimumUnlimited,
}

impl Contender {
    /// All there are, in the order they are shown.
    pub const ALL: [Self; 12] = [
        Self::Pipectl,
        Self::ScalingUtils,
        Self::AwsSamples,
        Self::Epsagon,
        Self::StaticMean,
        Self::StaticP99,
        Self::StaticPeak,
        Self::OnDemandStandard,
        Self::OnDemandAdvantage,
        Self::Optimum,
        Self::OptimumLegal,
        Self::OptimumUnlimited,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pipectl => "pipectl",
            Self::ScalingUtils => "scaling-utils",
            Self::AwsSamples => "aws-samples",
            Self::Epsagon => "epsagon",
            Self::StaticMean => "static-mean",
            Self::StaticP99 => "static-p99",
            Self::StaticPeak => "static-peak",
            Self::OnDemandStandard => "on-demand-standard",
            Self::OnDemandAdvantage => "on-demand-advantage",
            Self::Optimum => "optimum",
            Self::OptimumLegal => "optimum-legal",
            Self::OptimumUnlimited => "optimum-unlimited",
        }
    }

    /// What it does, in a few words.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Pipectl => "our policy",
            Self::ScalingUtils => "doubles over 75 % for 2 min, halves under 25 %",
            Self::AwsSamples => "doubles at 75 % for 25 min, halves under 25 % for 5 h",
            Self::Epsagon => "grows at 75 % for 5 min, shrinks after a day under 25 %",
            Self::StaticMean => "never resharded, sized for the mean",
            Self::StaticP99 => "never resharded, sized for 99 of 100 minutes in hindsight",
            Self::StaticPeak => "never resharded, sized for the peak in hindsight",
            Self::OnDemandStandard => "twice the peak of 30 days, on-demand Standard",
            Self::OnDemandAdvantage => "twice the peak of 30 days, on-demand Advantage",
            Self::Optimum => "knows the future, throttles nothing, 10 calls in each day of the trace",
            Self::OptimumLegal => "knows the future, throttles nothing, legal in every rolling day",
            Self::OptimumUnlimited => "knows the future, throttles nothing, any number of calls",
        }
    }
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that nobody goes by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no policy `{found}`; there are: {}", Contender::ALL.map(Contender::name).join(", "))]
pub struct UnknownContender {
    /// What stands there.
    pub found: String,
}

impl FromStr for Contender {
    type Err = UnknownContender;

    fn from_str(text: &str) -> Result<Self, UnknownContender> {
        let known = Self::ALL.into_iter().find(|contender| contender.name() == text);
        known.ok_or_else(|| UnknownContender { found: text.chars().take(60).collect() })
    }
}
