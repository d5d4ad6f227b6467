//! Every public entry with numbers that nobody would ask for, read from bytes. Nothing may panic or
//! overflow; what is solved must be proven.

#![allow(clippy::unwrap_used, reason = "clippy excuses the tests, not what they call")]

use std::fmt::Debug;
use std::ops::{Add, Sub};

use assignment::dense::{self, Element, Matrix};
use assignment::sparse::{self, Cost, Goal};
use assignment::{
    Alternatives, Certificate, ClassSolution, Classes, Explanation, Flow, MAX_SCORE, Planner,
    Problem, Solution, Table, UNASSIGNED, column_price_to_enter, column_reason, expand, first_come,
    price_to_enter, reason, solve, solve_classes, solve_counted, verify, verify_classes,
};

/// Bytes as numbers; when they are used up, zeros.
struct Bytes<'a>(&'a [u8]);

const INTEGERS: [i64; 24] = [
    i64::MIN,
    i64::MIN + 1,
    i64::MAX,
    i64::MAX - 1,
    MAX_SCORE,
    -MAX_SCORE,
    MAX_SCORE + 1,
    -MAX_SCORE - 1,
    MAX_SCORE / 2,
    1 << 53,
    (1 << 52) - 1,
    1 << 52,
    -(1 << 52),
    1 << 50,
    -(1 << 49),
    i32::MAX as i64,
    i32::MIN as i64,
    1 << 26,
    (1 << 26) + 1,
    100_000,
    -1,
    0,
    1,
    2,
];

const FLOATS: [f64; 24] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MAX,
    f64::MIN,
    1e308,
    -1e308,
    sparse::MAX_FLOAT,
    1e305,
    1e300,
    -1e300,
    1e39,
    f32::MAX as f64,
    f64::MIN_POSITIVE,
    5e-324,
    -5e-324,
    1e-300,
    1e-45,
    -0.0,
    0.0,
    1.0,
    -1.0,
    0.1,
    1.0 / 3.0,
];

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) % bound
    }

    fn word(&mut self) -> u64 {
        (0..8).fold(0, |word, _| word << 8 | u64::from(self.byte()))
    }

    fn integer(&mut self) -> i64 {
        match self.byte() {
            kind @ 0..100 => INTEGERS[usize::from(kind) % INTEGERS.len()],
            100..130 => self.word().cast_signed(),
            kind => i64::from(kind) % 7,
        }
    }

    fn float(&mut self) -> f64 {
        match self.byte() {
            kind @ 0..100 => FLOATS[usize::from(kind) % FLOATS.len()],
            100..130 => f64::from_bits(self.word()),
            kind => f64::from(kind) / 7.0,
        }
    }

    fn count(&mut self) -> u64 {
        match self.byte() {
            0 => u64::MAX,
            1 => 1 << 63,
            2 => 1 << 40,
            3 => self.word(),
            kind => u64::from(kind) % 6,
        }
    }

    fn list<T>(&mut self, length: usize, mut of: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..length).map(|_| of(self)).collect()
    }

    /// Now and then one more.
    fn or_more(&mut self, length: usize) -> usize {
        length + usize::from(self.byte() == 0)
    }

    fn goal(&mut self) -> Goal {
        [Goal::Minimise, Goal::Maximise][self.below(2)]
    }

    /// Of a side, now and then, one that does not fit.
    fn side(&mut self) -> usize {
        match self.byte() {
            0 => usize::MAX,
            1 => 1 << 31,
            kind => usize::from(kind) % 7,
        }
    }
}

/// What the bytes say, through one of the entries: small problems.
pub(crate) fn any(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    match bytes.below(8) {
        0 => matrix(&mut bytes, Bytes::integer),
        1 => matrix(&mut bytes, |bytes| bytes.integer() as i32),
        2 => matrix(&mut bytes, Bytes::float),
        3 => matrix(&mut bytes, |bytes| bytes.float() as f32),
        4 => table(&mut bytes),
        5 => planner(&mut bytes),
        6 => pairs(&mut bytes, Bytes::integer),
        _ => pairs(&mut bytes, Bytes::float),
    }
}

/// A matrix of so many elements that not all are looked at, or of so many rows and columns that those
/// which are alike are looked for. A few numbers that the bytes say, over and over.
pub(crate) fn large(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    match bytes.below(4) {
        0 => large_matrix(&mut bytes, Bytes::integer),
        1 => large_matrix(&mut bytes, |bytes| bytes.integer() as i32),
        2 => large_matrix(&mut bytes, Bytes::float),
        _ => large_matrix(&mut bytes, |bytes| bytes.float() as f32),
    }
}

fn large_matrix<'a, T: Element<Wide: Cost<Sum: Total + From<T::Wide>>>>(
    bytes: &mut Bytes<'a>,
    element: impl FnMut(&mut Bytes<'a>) -> T,
) {
    let (goal, more) = (bytes.goal(), bytes.below(9));
    let (rows, columns) = match bytes.below(8) {
        0 => (2 + more % 4, 20_001 + more),
        1 => (20_001 + more, 2 + more % 4),
        2 => (201, 201),
        3 => (201, 201 + more),
        4 => (201 + more, 201),
        5 => (130, 322 + more),
        6 => (322 + more, 130),
        _ => (32 + more, 32 + bytes.below(40)),
    };
    // In some, rows or columns are alike.
    let mut different = |all| [all, 1 + bytes.below(all)][bytes.below(2)];
    let (different_rows, different_columns) = (different(rows), different(columns));
    // And in some, columns at some distance from each other have the first numbers, all others the last.
    let (period, first) = (1 + bytes.below(128), bytes.below(128));
    let length = 2 + bytes.below(64);
    let order = bytes.word();
    let numbers = bytes.list(length, element);
    let of = |row: usize, column: usize| {
        let place = (((row % different_rows) << 16) | (column % different_columns)) as u64;
        let mixed = (place ^ order).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = ((mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 40) as usize;
        let (first_numbers, others) = numbers.split_at(length / 2);
        let numbers = if column % period < first { first_numbers } else { others };
        numbers[mixed % numbers.len()]
    };
    let rows_of = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    let elements: Vec<T> = rows_of.map(|(row, column)| of(row, column)).collect();
    if let Ok(matrix) = Matrix::new(rows, columns, &elements) {
        check_matrix(bytes, goal, &matrix);
    }
}

fn matrix<'a, T: Element<Wide: Cost<Sum: Total + From<T::Wide>>>>(
    bytes: &mut Bytes<'a>,
    mut element: impl FnMut(&mut Bytes<'a>) -> T,
) {
    let (goal, rows, columns) = (bytes.goal(), bytes.side(), bytes.side());
    let fits = rows.checked_mul(columns).filter(|&elements| elements <= 64);
    let length = bytes.or_more(fits.unwrap_or(3));
    let elements = bytes.list(length, &mut element);
    if let Ok(matrix) = Matrix::new(rows, columns, &elements) {
        check_matrix(bytes, goal, &matrix);
    }
}

/// Totals, as far as they are reckoned with here.
trait Total: Copy + PartialEq + Debug + Add<Output = Self> + Sub<Output = Self> {
    /// Whether nothing is rounded.
    const EXACT: bool;
}

impl Total for i128 {
    const EXACT: bool = true;
}

impl Total for f64 {
    const EXACT: bool = false;
}

fn check_matrix<T: Element<Wide: Cost<Sum: Total + From<T::Wide>>>>(
    bytes: &mut Bytes<'_>,
    goal: Goal,
    matrix: &Matrix<'_, T>,
) {
    let Ok(mut solution) = dense::solve(goal, matrix) else { return };
    dense::verify(goal, matrix, &solution).unwrap();
    let best = solution.total;
    match bytes.below(2) {
        // Other pairs, whose total is right: what they lack are prices.
        0 if !solution.columns.is_empty() => {
            let rows = matrix.rows();
            let (a, b) = (bytes.below(rows), bytes.below(rows));
            let counts = |columns: &[u32], row: usize| {
                let element = matrix.row(row).get(columns[row] as usize);
                element.map(|element| <T::Wide as Cost>::Sum::from(element.wide()))
            };
            for row in [a, b] {
                if let Some(counts) = counts(&solution.columns, row) {
                    solution.total = solution.total - counts;
                }
            }
            solution.columns.swap(a, b);
            for row in [a, b] {
                if let Some(counts) = counts(&solution.columns, row) {
                    solution.total = solution.total + counts;
                }
            }
        }
        _ => {
            let at = bytes.below(matrix.rows().max(1));
            if let Some(column) = solution.columns.get_mut(at) {
                *column = [UNASSIGNED, bytes.byte().into(), UNASSIGNED - 1][bytes.below(3)];
            }
            solution.assigned = solution.assigned.wrapping_add(bytes.below(2));
            let certificate = &mut solution.certificate;
            certificate.row_prices.truncate(bytes.below(8));
        }
    }
    let certificate = &mut solution.certificate;
    let by = bytes.below(certificate.column_prices.len().max(1));
    certificate.column_prices.rotate_left(by);
    // What is no solution is refused, and how is never a panic.
    if dense::verify(goal, matrix, &solution).is_ok() && <T::Wide as Cost>::Sum::EXACT {
        assert_eq!(solution.total, best);
    }
}

fn any_table(bytes: &mut Bytes<'_>, rows: usize, columns: usize) -> Option<Table> {
    // In most, scores are such as a table takes.
    let all = bytes.below(4) == 0;
    Table::from_fn(rows, columns, |_, _| {
        let score =
            if all { bytes.integer() } else { bytes.integer().clamp(-MAX_SCORE, MAX_SCORE) };
        (bytes.below(8) > 0).then_some(if bytes.below(4) > 0 { score >> 8 } else { score })
    })
    .ok()
}

fn check_problem(problem: &Problem<'_>) -> Option<Solution> {
    let _ = first_come(problem);
    let solution = solve(problem).ok()?;
    assert_eq!(verify(problem, &solution), Ok(()));
    let explanation = Explanation::new(problem, &solution);
    assert_eq!(problem.rows() - solution.assigned, explanation.rows().len());
    let alternatives = Alternatives::new(problem, &solution);
    for row in 0..problem.rows() {
        let _ = (reason(problem, &solution, row), price_to_enter(problem, &solution, row));
        let _ = (alternatives.of_row(row), alternatives.margin(row));
    }
    for column in 0..problem.columns() {
        let _ = column_reason(problem, &solution, column);
        let _ = column_price_to_enter(problem, &solution, column);
        let _ = alternatives.of_column(column);
    }
    let _ = alternatives.margins().count();
    Some(solution)
}

fn table(bytes: &mut Bytes<'_>) {
    let (rows, columns) = (bytes.side(), bytes.side());
    if rows.max(columns) > 64 {
        assert!(Table::from_fn(rows.max(1 << 32), columns, |_, _| None).is_err());
        return;
    }
    let Some(table) = any_table(bytes, rows, columns) else { return };
    if let Some(solution) = check_problem(&Problem::Matrix(&table)) {
        check_altered(bytes, &Problem::Matrix(&table), solution);
    }
    let mut classes = |classes: usize| {
        let length = bytes.below(9);
        bytes.list(length, |bytes| match bytes.byte() {
            0 => u32::MAX,
            kind => u32::from(kind) % (classes as u32 + u32::from(kind == 1)).max(1),
        })
    };
    let (row_class, column_class) = (classes(rows), classes(columns));
    let classes = Classes { row_class: &row_class, column_class: &column_class, table: &table };
    if let Some(solution) = check_problem(&Problem::Classes(classes)) {
        let counts = |class: &[u32], classes: usize| -> Vec<u64> {
            let of = |of| class.iter().filter(|&&class| class as usize == of).count() as u64;
            (0..classes).map(of).collect()
        };
        let (of_rows, of_columns) = (counts(&row_class, rows), counts(&column_class, columns));
        assert_eq!(solve_counted(&classes, &of_rows, &of_columns).unwrap(), solution);
        let by_class = solve_classes(&of_rows, &of_columns, &table).unwrap();
        assert_eq!(expand(&row_class, &column_class, &by_class), solution.columns);
        check_altered(bytes, &Problem::Classes(classes), solution);
    }
    counts(bytes, &table);
}

/// Whatever is made of a solution: what is accepted has the best total, and how it is refused is never a panic.
fn check_altered(bytes: &mut Bytes<'_>, problem: &Problem<'_>, mut solution: Solution) {
    let best = solution.total;
    if bytes.below(2) == 0 && !solution.columns.is_empty() {
        // Other pairs, counted right, and prices that are nearly those of before.
        let rows = solution.columns.len();
        let (a, b) = (bytes.below(rows), bytes.below(rows));
        solution.columns.swap(a, b);
        if bytes.below(2) == 0 {
            solution.columns[a] = UNASSIGNED;
        }
        let pairs = solution.columns.iter().enumerate().filter(|&(_, &to)| to != UNASSIGNED);
        let scores = pairs.map(|(row, &column)| problem.score(row, column as usize));
        solution.assigned = scores.clone().count();
        solution.total = scores.flatten().sum();
        let certificate = &mut solution.certificate;
        for prices in [&mut certificate.row_prices, &mut certificate.column_prices] {
            let at = bytes.below(prices.len().max(1));
            if let Some(price) = prices.get_mut(at) {
                *price = price.saturating_add([0, 0, 1, -1][bytes.below(4)]);
            }
        }
    } else {
        distort(bytes, &mut solution.columns, &mut solution.certificate);
        solution.total = bytes.integer();
    }
    if verify(problem, &solution).is_ok() {
        assert_eq!(solution.total, best);
    }
}

/// Classes by numbers of members, of any size.
fn counts(bytes: &mut Bytes<'_>, table: &Table) {
    let (rows, columns) = (bytes.or_more(table.rows()), bytes.or_more(table.columns()));
    let (rows, columns) = (bytes.list(rows, Bytes::count), bytes.list(columns, Bytes::count));
    let Ok(mut solution) = solve_classes(&rows, &columns, table) else { return };
    assert_eq!(verify_classes(&rows, &columns, table, &solution), Ok(()));
    let best = solution.total;
    let ClassSolution { flows, total, certificate } = &mut solution;
    distort(bytes, &mut [], certificate);
    *total = bytes.integer();
    let flow = Flow {
        row_class: bytes.byte().into(),
        column_class: bytes.byte().into(),
        count: bytes.count(),
    };
    match bytes.below(3) {
        0 => flows.push(flow),
        1 => flows.insert(0, flow),
        _ => {}
    }
    if verify_classes(&rows, &columns, table, &solution).is_ok() {
        assert_eq!(solution.total, best);
    }
    let _ = solution.assigned();
}

/// Makes it a solution of nothing.
fn distort(bytes: &mut Bytes<'_>, columns: &mut [u32], certificate: &mut Certificate) {
    if let Some(column) = columns.first_mut() {
        *column = [UNASSIGNED, bytes.byte().into(), UNASSIGNED - 1][bytes.below(3)];
    }
    for prices in [&mut certificate.row_prices, &mut certificate.column_prices] {
        if bytes.below(8) == 0 {
            prices.push(0);
        }
        for price in prices {
            if bytes.below(2) == 0 {
                *price = bytes.integer();
            }
        }
    }
}

fn planner(bytes: &mut Bytes<'_>) {
    let (rows, columns) = (bytes.below(5), bytes.below(5));
    let Some(table) = any_table(bytes, rows, columns) else { return };
    let members = |bytes: &mut Bytes<'_>, classes: usize| {
        let length = if classes == 0 { 0 } else { bytes.below(6) };
        bytes.list(length, |bytes| bytes.below(classes) as u32)
    };
    let (row_class, column_class) = (members(bytes, rows), members(bytes, columns));
    let classes = Classes { row_class: &row_class, column_class: &column_class, table: &table };
    let Ok(mut planner) = Planner::new(&classes) else { return };
    while !bytes.0.is_empty() {
        let number = match bytes.byte() {
            0 => u32::MAX,
            byte => u32::from(byte) % 12,
        };
        match bytes.below(6) {
            0 => _ = planner.add_row(number),
            1 => _ = planner.add_column(number),
            2 => _ = planner.remove_row(number),
            3 => _ = planner.remove_column(number),
            4 if planner.table().rows() < 8 => {
                let scores = bytes.list(planner.table().columns(), Bytes::integer);
                let _ = planner.add_row_class(|column| Some(scores[column]).filter(|s| s % 3 != 0));
            }
            _ if planner.table().columns() < 8 => {
                let scores = bytes.list(planner.table().rows(), Bytes::integer);
                let _ = planner.add_column_class(|row| Some(scores[row]).filter(|s| s % 3 != 0));
            }
            _ => {}
        }
        let _ = (planner.column_of(number), planner.row_of(number));
        let proof = planner.class_solution();
        assert_eq!(proof.total, planner.total());
        let (rows, columns) = (planner.row_counts(), planner.column_counts());
        assert_eq!(verify_classes(rows, columns, planner.table(), &proof), Ok(()));
    }
}

fn pairs<'a, C: Cost<Sum: Copy>>(bytes: &mut Bytes<'a>, mut cost: impl FnMut(&mut Bytes<'a>) -> C) {
    let (goal, rows, columns) = (bytes.goal(), bytes.below(7), bytes.below(7));
    let edges = bytes.list(rows, |bytes| bytes.below(7));
    let mut starts = vec![0];
    starts.extend(edges.iter().scan(0, |start, edges| {
        *start += edges;
        Some(*start)
    }));
    let length = starts[rows];
    if bytes.below(16) == 0 {
        let at = bytes.below(starts.len());
        starts[at] = [0, usize::MAX, length + 1, 3][bytes.below(4)];
    }
    let edge_columns = bytes.list(length, |bytes| match bytes.byte() {
        0 => u32::MAX,
        byte => u32::from(byte) % (columns as u32).max(1),
    });
    let lengths = (bytes.or_more(length), bytes.or_more(rows), bytes.or_more(columns));
    let costs = bytes.list(lengths.0, &mut cost);
    let out = bytes.list(lengths.1, |bytes| (bytes.below(3) == 0).then(|| cost(bytes)));
    let places = bytes.list(lengths.2, |bytes| match bytes.byte() {
        0 => u32::MAX,
        1 => 1 << 31,
        byte => u32::from(byte) % 4,
    });
    let problem = sparse::Problem::from_csr(goal, columns, &starts, &edge_columns, &costs)
        .and_then(|problem| problem.with_unassigned_each(&out))
        .and_then(|problem| problem.with_places_each(&places));
    let Ok(problem) = problem else { return };
    let Ok(mut solution) = sparse::solve(&problem) else { return };
    sparse::verify(&problem, &solution).unwrap();
    if let Some(column) = solution.columns.first_mut() {
        *column = [UNASSIGNED, bytes.byte().into(), UNASSIGNED - 1][bytes.below(3)];
    }
    let certificate = &mut solution.certificate;
    certificate.row_prices.truncate(bytes.below(8));
    let by = bytes.below(certificate.column_prices.len().max(1));
    certificate.column_prices.rotate_left(by);
    let _ = sparse::verify(&problem, &solution);
}
