//! From costs to a schedule: forward through the parts, in each the cheapest way given what comes after.

use super::super::rules::{Call, Minute};
use super::table::{Problem, STAY};

/// The cheapest schedule.
pub(super) fn schedule(problem: &Problem<'_>) -> Vec<Minute> {
    let costs = problem.costs_by_part();
    let start = costs.first().and_then(|costs| costs.iter().enumerate().min_by_key(|(_, cost)| **cost));
    let Some((mut place, _)) = start else { return Vec::new() };
    let mut places = Vec::with_capacity(problem.levels.needs.len());
    for (part, after) in costs.iter().skip(1).enumerate() {
        let choices = problem.choices(part, after);
        let mut used = 0;
        for choices in choices.chunks(problem.rows() * problem.width()) {
            places.push(place);
            let next = choices[used * problem.width() + place];
            if let (true, Some(after)) = (next != STAY, problem.after_call(used)) {
                (place, used) = (usize::from(next), after);
            }
        }
    }
    laid_out(problem, &places)
}

/// Minutes with their shards and calls. A call is made in the stretch before the one in which its shards serve.
fn laid_out(problem: &Problem<'_>, places: &[usize]) -> Vec<Minute> {
    let count = |place: &usize| problem.levels.counts[*place];
    let minute = |minute: usize| {
        let stretch = minute / problem.mark;
        let change = places.get(stretch..stretch + 2).filter(|pair| pair[0] != pair[1]);
        let call = change.filter(|_| minute.is_multiple_of(problem.mark));
        Minute {
            open_shards: places.get(stretch).map_or(0, count),
            calls: call.map(|pair| Call::UpdateShardCount(count(&pair[1]))).into_iter().collect(),
        }
    };
    (0..problem.minutes).map(minute).collect()
}
