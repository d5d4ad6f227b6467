use super::{Cost, Problem, Shortage};

impl Shortage {
    /// Whether it proves that the problem has no solution, whoever made it.
    #[must_use]
    pub fn holds<C: Cost>(&self, problem: &Problem<C>) -> bool {
        let ascending = |numbers: &[u32]| numbers.is_sorted_by(|a, b| a < b);
        let shut_in = |&row: &u32| {
            (row as usize) < problem.rows()
                && problem.unassigned(row as usize).is_none()
                && problem
                    .row(row as usize)
                    .all(|(column, _)| self.columns.binary_search(&column).is_ok())
        };
        let places = self.columns.iter().map(|&column| match problem.columns() > column as usize {
            true => u64::from(problem.places(column as usize)),
            false => 0,
        });
        ascending(&self.rows)
            && ascending(&self.columns)
            && self.rows.iter().all(shut_in)
            && places.sum::<u64>() < self.rows.len() as u64
    }
}
