//! Streams that are never resharded, sized by somebody who knows all of the traffic.
//!
//! Their policy is [`Still`](super::super::policy::Still); what differs is the size they start with.

use super::super::run::shards_for;

/// Which shard count a fixed stream has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixedSize {
    /// Enough for the mean load.
    Mean,
    /// Enough for 99 of 100 minutes.
    P99,
    /// Enough for every minute.
    Peak,
}

impl FixedSize {
    /// The shards for such loads; one for none.
    #[must_use]
    pub fn shards(self, loads: &[f64]) -> u32 {
        shards_for(match self {
            Self::Mean => mean(loads),
            Self::P99 => quantile(loads, 0.99),
            Self::Peak => loads.iter().copied().fold(0.0, f64::max),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a trace has far fewer than 2^52 minutes")]
fn mean(loads: &[f64]) -> f64 {
    loads.iter().sum::<f64>() / loads.len().max(1) as f64
}

/// The load that a share of the minutes does not pass.
pub(crate) fn quantile(loads: &[f64], share: f64) -> f64 {
    let mut sorted = loads.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of a length is a place in it"
    )]
    let place = ((sorted.len() as f64 * share.clamp(0.0, 1.0)).ceil() as usize).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_size_carries_what_its_name_says() {
        let loads: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!(FixedSize::Mean.shards(&loads), 101);
        assert_eq!(FixedSize::P99.shards(&loads), 198);
        assert_eq!(FixedSize::Peak.shards(&loads), 200);
        assert_eq!(FixedSize::P99.shards(&[]), 1);
    }
}
