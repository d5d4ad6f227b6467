use super::Planner;
use crate::classes::prove;
use crate::grid::Grid;
use crate::merge::{Group, merge};
use crate::transport::Transported;
use crate::{Certificate, ClassSolution, Flow};

impl Planner {
    /// The assignment by class, with its proof: the flows are those of the present members, and the
    /// certificate is the one that [`solve()`](crate::solve()) gives.
    /// [`verify_classes`](crate::verify_classes) accepts it for [`row_counts`](Self::row_counts) and
    /// [`column_counts`](Self::column_counts).
    ///
    /// The time depends on the classes, not on their members.
    #[must_use]
    pub fn class_solution(&self) -> ClassSolution {
        let pairs = self.pairs();
        let flows = (0..pairs.rows()).flat_map(|row| {
            (0..).zip(pairs.row(row)).filter(|&(_, &count)| count > 0).map(
                move |(column_class, &count)| Flow { row_class: row as u32, column_class, count },
            )
        });
        let flows = flows.collect();
        ClassSolution { flows, total: self.total(), certificate: self.prove(&pairs) }
    }

    /// The canonical prices of the present assignment: see [`Certificate`].
    #[must_use]
    pub fn certificate(&self) -> Certificate {
        self.prove(&self.pairs())
    }

    fn prove(&self, pairs: &Grid<u64>) -> Certificate {
        let merged = merge(self.row_counts(), self.column_counts(), &self.table);
        let mut flow = Grid::filled(merged.rows.len(), merged.columns.len(), 0);
        for (row, of_rows) in merged.rows.iter().enumerate() {
            for (column, of_columns) in merged.columns.iter().enumerate() {
                *flow.at_mut(row, column) = between(pairs, of_rows, of_columns);
            }
        }
        let assigned = |row| flow.row(row).iter().sum::<u64>();
        let free_rows = merged
            .rows
            .iter()
            .enumerate()
            .map(|(row, group)| group.count - assigned(row))
            .collect();
        let assigned = |column| (0..flow.rows()).map(|row| flow.at(row, column)).sum::<u64>();
        let free_columns = merged.columns.iter().enumerate();
        let free_columns =
            free_columns.map(|(column, group)| group.count - assigned(column)).collect();
        prove(&self.table, &merged, &Transported { flow, free_rows, free_columns })
    }
}

/// The pairs of the classes of two groups.
fn between(pairs: &Grid<u64>, rows: &Group, columns: &Group) -> u64 {
    let of_row = |&row: &u32| {
        let row = pairs.row(row as usize);
        columns.classes.iter().map(|&column| row[column as usize]).sum::<u64>()
    };
    rows.classes.iter().map(of_row).sum()
}
