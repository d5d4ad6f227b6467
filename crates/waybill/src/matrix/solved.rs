//! The assignment of a matrix, proven, and its three forms.

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use assignment::{
    UNASSIGNED,
    dense::{Element, Goal, Matrix, Proof, Solution, solve, verify},
    sparse::Cost,
};

use super::{MatrixProblem, number::Number};
use crate::{
    meaning::Format,
    output::{
        Out,
        csv::END,
        table::{Kind, Table},
    },
};

/// What prices and totals of such elements are.
type Sum<T> = <<T as Element>::Wide as Cost>::Sum;

/// The best assignment of a matrix, and what it took.
pub(super) struct Solved<'a, T: Number> {
    goal: Goal,
    matrix: Matrix<'a, T>,
    /// Rows and columns of the file.
    shape: (usize, usize),
    solution: Solution<T::Wide>,
    proof: Proof<Sum<T>>,
    read_in: Duration,
    solved_in: Duration,
    certified_in: Duration,
}

impl<'a, T: Number> Solved<'a, T> {
    /// Solves, and proves it.
    pub(super) fn of(
        goal: Goal,
        matrix: Matrix<'a, T>,
        shape: (usize, usize),
        read_in: Duration,
    ) -> Result<Self, MatrixProblem> {
        let begun = Instant::now();
        let solution = solve(goal, &matrix).map_err(MatrixProblem::Unsolvable)?;
        let solved_in = begun.elapsed();
        let proof = verify(goal, &matrix, &solution)
            .map_err(|flaw| MatrixProblem::Unproven(flaw.to_string()))?;
        let certified_in = begun.elapsed() - solved_in;
        Ok(Self { goal, matrix, shape, solution, proof, read_in, solved_in, certified_in })
    }

    /// Row, column and element of each pair, in the order of the rows.
    fn pairs(&self) -> impl Iterator<Item = (usize, u32, T)> + Clone {
        let columns = self.solution.columns.iter().enumerate();
        let assigned = columns.filter(|&(_, &column)| column != UNASSIGNED);
        assigned.map(|(row, &column)| (row, column, self.matrix.row(row)[column as usize]))
    }

    pub(super) fn write(&self, out: &mut Out, format: Format) -> io::Result<()> {
        match format {
            Format::Table => self.table(out),
            Format::Csv => self.csv(out),
            Format::Json => self.json(out),
        }
    }

    fn json(&self, out: &mut impl Write) -> io::Result<()> {
        let Self { shape: (rows, columns), solution, proof, .. } = self;
        write!(
            out,
            "{{\"total\": {:?}, \"rows\": {}, \"columns\": {}, \"certified\": true, \"largest_violation\": {:?}, \"tolerance\": {:?}, \"read_ms\": {:.3}, \"solve_ms\": {:.3}, \"certify_ms\": {:.3}, \"pairs\": [",
            solution.total,
            rows,
            columns,
            proof.largest_violation,
            proof.tolerance,
            milliseconds(self.read_in),
            milliseconds(self.solved_in),
            milliseconds(self.certified_in),
        )?;
        let mut before = "\n";
        for (row, column, _) in self.pairs() {
            write!(out, "{before}[{row}, {column}]")?;
            before = ",\n";
        }
        out.write_all(b"\n]}\n")
    }

    fn csv(&self, out: &mut impl Write) -> io::Result<()> {
        write!(out, "row,column,{}", self.unit())?;
        out.write_all(END)?;
        for (row, column, element) in self.pairs() {
            write!(out, "{row},{column},{element}")?;
            out.write_all(END)?;
        }
        Ok(())
    }

    fn table(&self, out: &mut Out) -> io::Result<()> {
        let headers = ["row", "column", self.unit()];
        let mut table = Table::new(headers.map(|header| (header, Kind::Number)));
        let rows = self.pairs().map(|(row, column, element)| {
            [row.to_string(), column.to_string(), element.to_string()]
        });
        for row in rows.clone() {
            table.fit(row.each_ref().map(String::as_str));
        }
        table.row(out, headers)?;
        for row in rows {
            table.row(out, row.each_ref().map(String::as_str))?;
        }
        let Self { shape: (rows, columns), solution, proof, .. } = self;
        let better = match self.goal {
            Goal::Minimise => "lower",
            Goal::Maximise => "higher",
        };
        writeln!(
            out,
            "\n{} pairs of {} rows and {} columns; read in {:.1} ms, solved in {:.1} ms",
            solution.assigned,
            rows,
            columns,
            milliseconds(self.read_in),
            milliseconds(self.solved_in),
        )?;
        write!(out, "total {:?}, proven: no assignment is {better}", solution.total)?;
        // Of integers everything is exact.
        match format!("{:?}", proof.tolerance).as_str() {
            "0" => writeln!(out),
            _ => writeln!(
                out,
                ", but for rounding: prices are off by {:?} at most",
                proof.largest_violation
            ),
        }
    }

    /// What an element is.
    fn unit(&self) -> &'static str {
        match self.goal {
            Goal::Minimise => "cost",
            Goal::Maximise => "score",
        }
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
