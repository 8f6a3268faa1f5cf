//! Where each node stands: columns from left to right by what flows, rows by who is connected to whom.
//!
//! Sugiyama's way in whole pixels, so that the same pipeline is the same picture: cycles are opened, each node
//! comes a column after what flows into it, edges over several columns get a place in each, rows are ordered with
//! few crossings (`order`), and heights are the nearest to those of the neighbours that keep the order.

use super::order;

/// Between two columns, where no label asks for more.
const COLUMN_GAP: i64 = 56;
/// Between two rows.
const ROW_GAP: i64 = 24;
/// How often heights are brought nearer to those of their neighbours.
const ROUNDS: usize = 8;

/// A point.
pub(super) type Point = (i64, i64);

/// An edge to be placed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    /// The node that it leaves.
    pub(super) from: usize,
    /// The node that it reaches.
    pub(super) to: usize,
    /// The width that its label needs.
    pub(super) label: i64,
}

/// Where everything stands.
pub(super) struct Placed {
    /// The upper left corner of each node.
    pub(super) corners: Vec<Point>,
    /// The points that each edge passes, from its start to its end.
    pub(super) routes: Vec<Vec<Point>>,
    /// Width and height of all of it.
    pub(super) size: Point,
}

/// Places nodes of these sizes.
pub(super) fn place(sizes: &[Point], links: &[Link]) -> Placed {
    let turned = turned(sizes.len(), links);
    let layer = layers(sizes.len(), links, &turned);
    let mut grid = Grid::new(sizes, links, &turned, layer);
    order::untangle(&mut grid.columns, &grid.steps);
    grid.placed(links, &turned)
}

/// Which edges are turned round so that no cycle is left: those that lead back to a node on the way to them.
fn turned(count: usize, links: &[Link]) -> Vec<bool> {
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (index, link) in links.iter().enumerate() {
        out[link.from].push(index);
    }
    let mut turned = vec![false; links.len()];
    let (mut open, mut done) = (vec![false; count], vec![false; count]);
    for start in 0..count {
        let mut stack = vec![(start, 0)];
        while let Some((node, next)) = stack.pop() {
            if next == 0 && done[node] {
                continue;
            }
            open[node] = true;
            match out[node].get(next) {
                Some(&index) => {
                    stack.push((node, next + 1));
                    let to = links[index].to;
                    if open[to] {
                        turned[index] = true;
                    } else if !done[to] {
                        stack.push((to, 0));
                    }
                }
                None => (open[node], done[node]) = (false, true),
            }
        }
    }
    turned
}

/// The ends of an edge in the direction in which it is placed.
fn ends(link: &Link, turned: bool) -> (usize, usize) {
    if turned { (link.to, link.from) } else { (link.from, link.to) }
}

/// The column of each node: the first after all that flows into it. What nothing flows into stands right before
/// what it flows into.
fn layers(count: usize, links: &[Link], turned: &[bool]) -> Vec<usize> {
    let edges: Vec<(usize, usize)> = links
        .iter()
        .zip(turned)
        .map(|(link, turned)| ends(link, *turned))
        .filter(|(from, to)| from != to)
        .collect();
    let mut layer = vec![0; count];
    let mut missing = vec![0_usize; count];
    for (_, to) in &edges {
        missing[*to] += 1;
    }
    let sources: Vec<usize> = (0..count).filter(|node| missing[*node] == 0).collect();
    let mut ready = sources.clone();
    while let Some(node) = ready.pop() {
        for (_, to) in edges.iter().filter(|(from, _)| *from == node) {
            layer[*to] = layer[*to].max(layer[node] + 1);
            missing[*to] -= 1;
            if missing[*to] == 0 {
                ready.push(*to);
            }
        }
    }
    for node in sources {
        let nearest = edges.iter().filter(|(from, _)| *from == node).map(|(_, to)| layer[*to]).min();
        layer[node] = nearest.map_or(0, |nearest| nearest - 1);
    }
    layer
}

/// Columns of places: the nodes, and after them a place in each column that an edge passes.
struct Grid {
    /// The column of each place.
    layer: Vec<usize>,
    /// Width and height of each place.
    sizes: Vec<Point>,
    /// The places of each column, from the top.
    columns: Vec<Vec<usize>>,
    /// Neighbouring places that an edge connects, left to right.
    steps: Vec<(usize, usize)>,
    /// The places of each edge.
    chains: Vec<Vec<usize>>,
    nodes: usize,
}

impl Grid {
    fn new(sizes: &[Point], links: &[Link], turned: &[bool], layer: Vec<usize>) -> Self {
        let count = layer.iter().max().map_or(0, |last| last + 1);
        let mut grid = Self {
            nodes: sizes.len(),
            sizes: sizes.to_vec(),
            columns: vec![Vec::new(); count],
            steps: Vec::new(),
            chains: Vec::new(),
            layer,
        };
        for (place, column) in grid.layer.iter().enumerate() {
            grid.columns[*column].push(place);
        }
        for (link, turned) in links.iter().zip(turned) {
            let (from, to) = ends(link, *turned);
            let mut chain = vec![from];
            for column in grid.layer[from] + 1..grid.layer[to] {
                let place = grid.layer.len();
                grid.layer.push(column);
                grid.sizes.push((0, 1));
                grid.columns[column].push(place);
                chain.push(place);
            }
            chain.push(to);
            grid.steps
                .extend(chain.windows(2).map(|pair| (pair[0], pair[1])).filter(|(from, to)| from != to));
            grid.chains.push(chain);
        }
        grid
    }

    fn placed(&self, links: &[Link], turned: &[bool]) -> Placed {
        let (left, widths) = self.across(links);
        let middles = self.down();
        let top = (0..middles.len()).map(|place| middles[place] - self.sizes[place].1 / 2).min().unwrap_or(0);
        let corner = |place: usize| (left[self.layer[place]], middles[place] - self.sizes[place].1 / 2 - top);
        let corners: Vec<Point> = (0..self.nodes).map(corner).collect();
        let route = |(chain, turned): (&Vec<usize>, &bool)| {
            let last = chain.len() - 1;
            let mut points = Vec::new();
            for (index, place) in chain.iter().enumerate() {
                let (column, height) = (self.layer[*place], middles[*place] - top);
                let (x, y) = (corner(*place).0, height);
                match (index, *place < self.nodes) {
                    (0, _) => points.push((x + self.sizes[*place].0, y)),
                    (index, _) if index == last => points.push((x, y)),
                    _ => points.extend([(left[column], y), (left[column] + widths[column], y)]),
                }
            }
            if *turned {
                points.reverse();
            }
            points
        };
        let routes = self.chains.iter().zip(turned).map(route).collect();
        let bottom = (0..middles.len()).map(|place| middles[place] + (self.sizes[place].1 + 1) / 2 - top);
        let right = left.last().zip(widths.last()).map_or(0, |(left, width)| left + width);
        Placed { corners, routes, size: (right, bottom.max().unwrap_or(0)) }
    }

    /// The left of each column, and its width.
    fn across(&self, links: &[Link]) -> (Vec<i64>, Vec<i64>) {
        let widest = |column: &Vec<usize>| column.iter().map(|place| self.sizes[*place].0).max().unwrap_or(0);
        let widths: Vec<i64> = self.columns.iter().map(widest).collect();
        let mut gaps = vec![COLUMN_GAP; widths.len()];
        for (link, chain) in links.iter().zip(&self.chains) {
            let column = self.layer[chain[0]];
            gaps[column] = gaps[column].max(link.label + COLUMN_GAP);
        }
        let mut left = Vec::with_capacity(widths.len());
        let mut x = 0;
        for (width, gap) in widths.iter().zip(gaps) {
            left.push(x);
            x += width + gap;
        }
        (left, widths)
    }

    /// The middle of each place, from top to bottom.
    fn down(&self) -> Vec<i64> {
        let mut middles = vec![0; self.layer.len()];
        for column in &self.columns {
            let mut y = 0;
            for place in column {
                middles[*place] = y + self.sizes[*place].1 / 2;
                y += self.sizes[*place].1 + ROW_GAP;
            }
        }
        let mut neighbours: Vec<Vec<usize>> = vec![Vec::new(); self.layer.len()];
        for (from, to) in &self.steps {
            neighbours[*from].push(*to);
            neighbours[*to].push(*from);
        }
        for round in 0..ROUNDS {
            let mut columns: Vec<usize> = (0..self.columns.len()).collect();
            if round % 2 == 1 {
                columns.reverse();
            }
            for column in columns {
                let column = &self.columns[column];
                let wish = |place: &usize| {
                    let near = &neighbours[*place];
                    let sum: i64 = near.iter().map(|other| middles[*other]).sum();
                    i64::try_from(near.len())
                        .ok()
                        .filter(|count| *count > 0)
                        .map_or(middles[*place], |count| sum / count)
                };
                let wishes: Vec<i64> = column.iter().map(wish).collect();
                let heights: Vec<i64> = column.iter().map(|place| self.sizes[*place].1).collect();
                for (place, middle) in column.iter().zip(settle(&wishes, &heights)) {
                    middles[*place] = middle;
                }
            }
        }
        self.close_up(&mut middles, &neighbours);
        middles
    }

    /// Who has no neighbours stands right below the one above.
    fn close_up(&self, middles: &mut [i64], neighbours: &[Vec<usize>]) {
        for column in &self.columns {
            for pair in column.windows(2).filter(|pair| neighbours[pair[1]].is_empty()) {
                middles[pair[1]] = middles[pair[0]] + apart(self.sizes[pair[0]].1, self.sizes[pair[1]].1);
            }
        }
    }
}

/// How far the middles of two places of these heights are apart at least.
fn apart(above: i64, below: i64) -> i64 {
    (above + below) / 2 + ROW_GAP
}

/// The middles nearest to what is wished that keep the order and the gaps: least squares, by pooling those that
/// would overlap.
fn settle(wishes: &[i64], heights: &[i64]) -> Vec<i64> {
    // Offsets turn "at least so far apart" into "not before".
    let mut offsets = Vec::with_capacity(heights.len());
    let mut offset = 0;
    for (index, height) in heights.iter().enumerate() {
        if index > 0 {
            offset += apart(heights[index - 1], *height);
        }
        offsets.push(offset);
    }
    let mut pools: Vec<(i64, i64)> = Vec::new();
    for (wish, offset) in wishes.iter().zip(&offsets) {
        let mut pool = (wish - offset, 1);
        while let Some((sum, count)) = pools.last().copied()
            && sum * pool.1 > pool.0 * count
        {
            pool = (pool.0 + sum, pool.1 + count);
            pools.pop();
        }
        pools.push(pool);
    }
    let means = pools.into_iter().flat_map(|(sum, count)| (0..count).map(move |_| sum.div_euclid(count)));
    means.zip(offsets).map(|(mean, offset)| mean + offset).collect()
}
