//! The order of the rows in each column: few edges that cross.

/// How often it goes through all columns, there and back.
const SWEEPS: usize = 12;

/// Orders each column by where its neighbours stand, there and back, and keeps the order with the fewest crossings.
/// `steps` connect places of neighbouring columns, left to right.
pub(super) fn untangle(columns: &mut Vec<Vec<usize>>, steps: &[(usize, usize)]) {
    let places = columns.iter().flatten().max().map_or(0, |last| last + 1);
    let (mut left, mut right) = (vec![Vec::new(); places], vec![Vec::new(); places]);
    for (from, to) in steps {
        right[*from].push(*to);
        left[*to].push(*from);
    }
    let mut best = columns.clone();
    let mut fewest = crossings(&best, &right);
    for sweep in 0..SWEEPS {
        if fewest == 0 {
            break;
        }
        let count = columns.len();
        if sweep % 2 == 0 {
            (1..count).for_each(|column| arrange(columns, column, column - 1, &left));
        } else {
            (0..count.saturating_sub(1))
                .rev()
                .for_each(|column| arrange(columns, column, column + 1, &right));
        }
        let now = crossings(columns, &right);
        if now < fewest {
            (best, fewest) = (columns.clone(), now);
        }
    }
    *columns = best;
}

/// Sorts one column by the mean place of each one's neighbours in the other; who has none stays about where it is.
fn arrange(columns: &mut [Vec<usize>], column: usize, by: usize, neighbours: &[Vec<usize>]) {
    let rows = rows(&columns[by], neighbours.len());
    let mut keyed: Vec<((usize, usize), usize)> = columns[column]
        .iter()
        .enumerate()
        .map(|(row, place)| {
            let near = &neighbours[*place];
            let sum: usize = near.iter().map(|other| rows[*other]).sum();
            (if near.is_empty() { (row, 1) } else { (sum, near.len()) }, *place)
        })
        .collect();
    keyed.sort_by(|((sum, count), _), ((other, others), _)| (sum * others).cmp(&(other * count)));
    columns[column] = keyed.into_iter().map(|(_, place)| place).collect();
}

fn rows(column: &[usize], places: usize) -> Vec<usize> {
    let mut rows = vec![0; places];
    for (row, place) in column.iter().enumerate() {
        rows[*place] = row;
    }
    rows
}

/// How many pairs of edges cross: those whose ends stand in the other order than their starts.
fn crossings(columns: &[Vec<usize>], right: &[Vec<usize>]) -> usize {
    columns.windows(2).map(|pair| between(&pair[0], &pair[1], right)).sum()
}

/// Inversions, counted with a tree of sums, so that a big file does not take forever.
fn between(column: &[usize], next: &[usize], right: &[Vec<usize>]) -> usize {
    let rows = rows(next, right.len());
    let mut sums = vec![0_usize; next.len() + 1];
    let (mut seen, mut crossed) = (0, 0);
    for place in column {
        let mut ends: Vec<usize> = right[*place].iter().map(|other| rows[*other]).collect();
        ends.sort_unstable();
        // Edges of one start do not cross each other: all are counted before any is added.
        for end in &ends {
            let (mut at, mut not_below) = (end + 1, 0);
            while at > 0 {
                not_below += sums[at];
                at &= at - 1;
            }
            crossed += seen - not_below;
        }
        for end in ends {
            let mut at = end + 1;
            while at < sums.len() {
                sums[at] += 1;
                at += at & at.wrapping_neg();
            }
            seen += 1;
        }
    }
    crossed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_edges_that_cross_are_untangled() {
        let mut columns = vec![vec![0, 1], vec![2, 3]];
        let steps = [(0, 3), (1, 2)];
        let right = vec![vec![3], vec![2], vec![], vec![]];
        assert_eq!(crossings(&columns, &right), 1);
        untangle(&mut columns, &steps);
        assert_eq!(crossings(&columns, &right), 0);
    }

    #[test]
    fn edges_to_one_end_do_not_cross() {
        assert_eq!(between(&[0, 1], &[2], &[vec![2], vec![2], vec![]]), 0);
        assert_eq!(between(&[0, 1, 2], &[3, 4, 5], &[vec![5], vec![4], vec![3], vec![], vec![], vec![]]), 3);
    }
}
