//! Two solvers that are too simple to be wrong, and share nothing with the crate's or with each other.

/// Rows of which there are not too many sets to look at each.
const FEW: usize = 10;

/// What each column costs each row, and what it costs each row to stay out. Each column once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plain {
    pub(crate) columns: usize,
    pub(crate) rows: Vec<Vec<Option<i64>>>,
    pub(crate) out: Vec<Option<i64>>,
}

impl Plain {
    /// Every row must be assigned.
    pub(crate) fn full(rows: Vec<Vec<Option<i64>>>, columns: usize) -> Self {
        let out = vec![None; rows.len()];
        Self { columns, rows, out }
    }

    /// The least total; `None` when nothing is permitted. Both solvers say so where there are few rows.
    pub(crate) fn least(&self) -> Option<i64> {
        let least = self.by_hungarian();
        if self.rows.len() <= FEW {
            assert_eq!(self.by_subsets(), least, "the oracles do not agree on {self:?}");
        }
        least
    }

    /// The least total of each set of rows, with one column more each time.
    fn by_subsets(&self) -> Option<i64> {
        let sets = 1_usize << self.rows.len();
        let mut least = vec![None; sets];
        least[0] = Some(0);
        for column in 0..self.columns {
            // From the largest set down: each is made of those without this column.
            for set in (1..sets).rev() {
                for (row, costs) in self.rows.iter().enumerate() {
                    if set & 1 << row == 0 {
                        continue;
                    }
                    let Some(cost) = costs[column] else { continue };
                    let Some(without) = least[set & !(1 << row)] else { continue };
                    if least[set].is_none_or(|least| without + cost < least) {
                        least[set] = Some(without + cost);
                    }
                }
            }
        }
        let others = |set: usize| {
            let out = self.out.iter().enumerate().filter(move |(row, _)| set & 1 << row == 0);
            out.map(|(_, &out)| out).sum::<Option<i64>>()
        };
        (0..sets).filter_map(|set| Some(least[set]? + others(set)?)).min()
    }

    /// Kuhn's method with potentials, row by row, as the textbooks have it. A column more for each row
    /// stands for staying out.
    fn by_hungarian(&self) -> Option<i64> {
        /// More than all costs together.
        const FORBIDDEN: i64 = 1 << 50;
        let (rows, columns) = (self.rows.len(), self.columns + self.rows.len());
        let cost = |row: usize, column: usize| {
            let cost = match column < self.columns {
                true => self.rows[row][column],
                false => self.out[row],
            };
            cost.unwrap_or(FORBIDDEN)
        };
        // Numbered from 1; column 0 holds the row that comes in.
        let (mut of_row, mut of_column) = (vec![0; rows + 1], vec![0; columns + 1]);
        let (mut holder, mut way) = (vec![0; columns + 1], vec![0; columns + 1]);
        for row in 1..=rows {
            holder[0] = row;
            let (mut slack, mut seen) = (vec![i64::MAX; columns + 1], vec![false; columns + 1]);
            let mut at = 0;
            while holder[at] != 0 {
                seen[at] = true;
                let (mut least, mut next) = (i64::MAX, 0);
                for column in (1..=columns).filter(|&column| !seen[column]) {
                    let reduced =
                        cost(holder[at] - 1, column - 1) - of_row[holder[at]] - of_column[column];
                    if reduced < slack[column] {
                        (slack[column], way[column]) = (reduced, at);
                    }
                    if slack[column] < least {
                        (least, next) = (slack[column], column);
                    }
                }
                for column in 0..=columns {
                    if seen[column] {
                        of_row[holder[column]] += least;
                        of_column[column] -= least;
                    } else if column > 0 {
                        slack[column] -= least;
                    }
                }
                at = next;
            }
            while at != 0 {
                holder[at] = holder[way[at]];
                at = way[at];
            }
        }
        let pairs = (1..=columns).filter(|&column| holder[column] != 0);
        let total: i64 = pairs.map(|column| cost(holder[column] - 1, column - 1)).sum();
        (total < FORBIDDEN / 2).then_some(total)
    }
}
