//! The fastest legal sequence of calls from the shards there are to a target, found anew from where the stream stands.
//!
//! `UpdateShardCount` takes minutes whatever the count, at most doubles and at least halves, moves to equal shards and
//! has a budget of ten a day. Splits and merges take half a minute each, one after the other, go anywhere and have no
//! budget. So a route is some calls of the one, perhaps none, then as many of the other as are left, and the one that
//! takes least is taken. Splits come before merges, so that at no time there is less capacity than before and after.
//!
//! **Invariant:** a route needs nothing but the situation. Whoever has lost track, was killed, or finds that someone
//! else has changed the stream, looks again and goes on.
//!
//! **Invariant:** each call that is carried out leaves a shorter route, so every target is reached.

use std::num::NonZeroU32;
use std::time::Duration;

use pipectl_shards::HashKey;

use super::layout::{Difference, Layout, MOST_SHARDS, ShardMap};
use super::target::Target;

/// One call, by what it does to the hash-key space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// `UpdateShardCount` to so many.
    Update(u32),
    /// `SplitShard`: the second part begins here.
    Split(HashKey),
    /// `MergeShards`: the second of the two begins here.
    Merge(HashKey),
}

impl std::fmt::Display for Move {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Update(count) => write!(f, "update-shard-count {count}"),
            Self::Split(at) => write!(f, "split at {at}"),
            Self::Merge(at) => write!(f, "merge at {at}"),
        }
    }
}

/// How long AWS takes, as far as a route counts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// An `UpdateShardCount`. AWS says "a few minutes"; five is what the simulator counts on.
    pub update: Duration,
    /// A split or a merge: AWS says about 30 seconds.
    pub serial: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self { update: Duration::from_secs(300), serial: Duration::from_secs(30) }
    }
}

/// What a route is found from.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The open shards.
    pub map: &'a ShardMap,
    /// `UpdateShardCount` calls that are left of the rolling day.
    pub updates_left: u32,
    /// Shards that the account's quota has room for.
    pub room: u32,
    /// What the last call was an `UpdateShardCount` to, if it was one.
    pub updated_to: Option<u32>,
}

/// Calls, in order, and how long they take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// The calls.
    pub moves: Vec<Move>,
    /// How long they take together.
    pub takes: Duration,
}

/// Why there is no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRoute {
    /// The account's shard quota is in the way.
    #[error(
        "{wanted} shards are wanted, and the account's quota has room for {room} beside the {open} there are"
    )]
    Quota {
        /// Shards that are wanted.
        wanted: u32,
        /// Shards there is room for.
        room: u32,
        /// Shards that are open.
        open: u32,
    },
}

/// The fastest route; one without moves when the target is reached.
///
/// # Errors
/// [`NoRoute`] when the quota is in the way.
pub fn route(situation: &Situation<'_>, target: &Target, terms: &Terms) -> Result<Route, NoRoute> {
    if target.is_reached(situation) {
        return Ok(Route::default());
    }
    let (open, room, wanted) = (situation.map.count(), situation.room, target.count(situation.map));
    let pending = target.pending(situation.map);
    if wanted > open.saturating_add(room) || (room == 0 && matches!(pending[..], [Move::Split(_), ..])) {
        return Err(NoRoute::Quota { wanted, room, open });
    }
    let Some(layout) = target.layout() else {
        let takes = terms.serial * u32::try_from(pending.len()).unwrap_or(u32::MAX);
        return Ok(Route { moves: pending, takes });
    };
    if let Target::Update(count) = target {
        let steps = update_steps(open, count.get());
        if steps > 0 && steps <= situation.updates_left {
            let moves = updates(open, count.get()).map(Move::Update).collect();
            return Ok(Route { moves, takes: terms.update * steps });
        }
    }
    let cuts: Vec<HashKey> = situation.map.cuts().collect();
    let direct = Difference::between(&cuts, &layout);
    let mut best = (terms.serial * direct.operations(), 0, None);
    for through in candidates(open, &layout, situation.updates_left) {
        let steps = update_steps(open, through);
        if steps > situation.updates_left || through > open.saturating_add(room) {
            continue;
        }
        let rest = match rest_after(target, through) {
            false => 0,
            true => Difference::between(
                Layout::uniform(NonZeroU32::new(through).unwrap_or(NonZeroU32::MIN)).cuts(),
                &layout,
            )
            .operations(),
        };
        let takes = terms.update * steps + terms.serial * rest;
        // What takes as long without the budget is better without it.
        if (takes, steps) < (best.0, best.1) {
            best = (takes, steps, Some(through));
        }
    }
    let moves = match best.2 {
        None => serial(&cuts, &direct, room),
        Some(through) => {
            let even = Layout::uniform(NonZeroU32::new(through).unwrap_or(NonZeroU32::MIN));
            let mut moves: Vec<Move> = updates(open, through).map(Move::Update).collect();
            if rest_after(target, through) {
                let room = open.saturating_add(room).saturating_sub(through);
                moves.extend(serial(even.cuts(), &Difference::between(even.cuts(), &layout), room));
            }
            moves
        }
    };
    Ok(Route { moves, takes: best.0 })
}

/// Whether anything is left to do once `UpdateShardCount` has led to so many.
fn rest_after(target: &Target, through: u32) -> bool {
    !matches!(target, Target::Shards(count) | Target::Update(count) if count.get() == through)
}

/// Counts to go through by `UpdateShardCount`: the target's own and its double, the parts into which it can be cut, and
/// what doubling and halving alone leads to. Whatever is worth going through now is among them after the next call too.
fn candidates(open: u32, layout: &Layout, updates_left: u32) -> Vec<u32> {
    let wanted = layout.count();
    let divisors = (1..=wanted.isqrt()).filter(|divisor| wanted.is_multiple_of(*divisor));
    let mut counts: Vec<u32> = divisors.flat_map(|divisor| [divisor, wanted / divisor]).collect();
    counts.push(wanted.saturating_mul(2));
    for step in 1..=updates_left.min(14) {
        counts.extend([open.saturating_mul(1 << step), open.div_ceil(1 << step)]);
    }
    counts.retain(|count| (1..=MOST_SHARDS).contains(count) && *count != open);
    counts.sort_unstable();
    counts.dedup();
    counts
}

/// The counts that `UpdateShardCount` has to be given, one after the other.
fn updates(open: u32, wanted: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(open), move |&now| {
        (now != wanted).then(|| {
            if wanted > now { wanted.min(now.saturating_mul(2).max(1)) } else { wanted.max(now.div_ceil(2)) }
        })
    })
    .skip(1)
}

fn update_steps(open: u32, wanted: u32) -> u32 {
    u32::try_from(updates(open, wanted).count()).unwrap_or(u32::MAX)
}

/// Splits and merges in an order that never exceeds the room: splits of the widest first while there is room, then a
/// merge for each further split, then the other merges.
fn serial(have: &[HashKey], difference: &Difference, room: u32) -> Vec<Move> {
    let mut splits = widest_first(have, &difference.splits).into_iter();
    let mut merges = difference.merges.iter().copied();
    let mut moves = Vec::with_capacity(difference.splits.len() + difference.merges.len());
    moves.extend(splits.by_ref().take(usize::try_from(room).unwrap_or(usize::MAX)).map(Move::Split));
    for split in splits {
        moves.extend(merges.next().map(Move::Merge));
        moves.push(Move::Split(split));
    }
    moves.extend(merges.map(Move::Merge));
    moves
}

/// The cuts, those of wider shards first; of one shard's, the middle one first.
fn widest_first(have: &[HashKey], cuts: &[HashKey]) -> Vec<HashKey> {
    // Parts of the space that hold cuts still to be made: (width, start, end, the cuts in it).
    let mut parts = std::collections::BinaryHeap::new();
    let mut rest = cuts;
    let bounds = have.iter().copied().chain([HashKey::MAX]);
    let mut start = HashKey::MIN;
    for end in bounds {
        let inside = rest.partition_point(|cut| *cut < end);
        if inside > 0 {
            parts.push((end.0 - start.0, std::cmp::Reverse(start), end, &rest[..inside]));
        }
        rest = &rest[inside..];
        start = end;
    }
    let mut ordered = Vec::with_capacity(cuts.len());
    while let Some((_, std::cmp::Reverse(start), end, inside)) = parts.pop() {
        let middle = inside.len() / 2;
        let cut = inside[middle];
        ordered.push(cut);
        for (start, end, inside) in [(start, cut, &inside[..middle]), (cut, end, &inside[middle + 1..])] {
            if !inside.is_empty() {
                parts.push((end.0 - start.0, std::cmp::Reverse(start), end, inside));
            }
        }
    }
    ordered
}
