//! Times of the sparse solver, best of several, one thread: `cargo bench -p assignment --bench sparse`.
//! Milliseconds; with floats also the largest violation, in parts of the tolerance.
#![allow(clippy::print_stdout, reason = "prints its table")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use assignment::sparse::{Cost, Error, Goal, Problem, Solution, solve, verify};

const TIMES: usize = 5;

fn main() -> Result<(), Error> {
    println!("{:<34}{:>9}{:>9}{:>9}{:>9}", "problem", "build", "i64", "f64", "verify");
    for degree in [8, 24] {
        for rows in [1000, 2000, 5000, 10_000] {
            compare(&format!("random {rows} × {degree}"), rows, rows, 1, |row| {
                random(row, rows, degree, 1_000_000)
            })?;
        }
    }
    compare("ties 5000 × 24", 5000, 5000, 1, |row| random(row, 5000, 24, 20))?;
    compare("nearest 5000 × 24", 5000, 5000, 1, |row| nearest(row, 5000, 24))?;
    compare("10 times the rows 10000 × 8", 10_000, 1000, 1, |row| {
        random(row, 1000, 8, 1_000_000)
    })?;
    compare("10 times the columns 1000 × 8", 1000, 10_000, 1, |row| {
        random(row, 10_000, 8, 1_000_000)
    })?;
    compare("8 places 10000 × 8", 10_000, 1250, 8, |row| random(row, 1250, 8, 1_000_000))
}

/// Numbers that look random (splitmix64).
fn mix(number: u64) -> u64 {
    let z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn random(row: usize, columns: usize, degree: usize, bound: u64) -> Vec<(u32, i64)> {
    let numbers = (row * degree) as u64..((row + 1) * degree) as u64;
    let edge = |n| ((mix(n) % columns as u64) as u32, (mix(!n) % bound).cast_signed());
    numbers.map(edge).collect()
}

/// The nearest columns on a plane, by distance: as `degree` candidates are kept of a dense matrix.
fn nearest(row: usize, columns: usize, degree: usize) -> Vec<(u32, i64)> {
    let place = |n: u64| ((mix(n) % 100_000).cast_signed(), (mix(!n) % 100_000).cast_signed());
    let (x, y) = place(row as u64);
    let mut all: Vec<(u32, i64)> = (0..columns as u32)
        .map(|column| {
            let (to_x, to_y) = place(u64::from(column) | 1 << 40);
            (column, ((x - to_x).pow(2) + (y - to_y).pow(2)).isqrt())
        })
        .collect();
    all.select_nth_unstable_by_key(degree, |&(_, distance)| distance);
    all.truncate(degree);
    all
}

/// A row may stay out at a hundred times the highest cost of a pair, so it hardly ever does.
fn compare(
    name: &str,
    rows: usize,
    columns: usize,
    places: u32,
    edges: impl Fn(usize) -> Vec<(u32, i64)>,
) -> Result<(), Error> {
    let edges: Vec<Vec<(u32, i64)>> = (0..rows).map(edges).collect();
    let out = 100_000_000;
    let problem = || {
        Problem::from_rows(Goal::Minimise, columns, edges.iter().map(|row| row.iter().copied()))?
            .with_unassigned(out)
            .map(|problem| problem.with_places(places))
    };
    let (build, problem) = best(problem)?;
    let (integers, solution) = best(|| solve(&problem))?;
    let floats = edges.iter().map(|row| row.iter().map(|&(c, cost)| (c, cost as f64 / 3.0)));
    let of_floats = Problem::from_rows(Goal::Minimise, columns, floats)?
        .with_unassigned(out as f64 / 3.0)?
        .with_places(places);
    let (float, float_solution) = best(|| solve(&of_floats))?;
    let (check, _) = best(|| Ok(prove(&problem, &solution)))?;
    let share = prove(&of_floats, &float_solution);
    println!("{name:<34}{build:>9.2}{integers:>9.2}{float:>9.2}{check:>9.2}   {share:.5}");
    Ok(())
}

/// The largest violation in parts of the tolerance.
fn prove<C: Cost>(problem: &Problem<C>, solution: &Solution<C>) -> f64
where
    C::Sum: Into<Wide>,
{
    let proof = verify(problem, solution).expect("optimal");
    let (violation, tolerance) = (proof.largest_violation.into().0, proof.tolerance.into().0);
    if tolerance == 0.0 { violation } else { violation / tolerance }
}

/// A sum as a float.
struct Wide(f64);

impl From<i128> for Wide {
    fn from(sum: i128) -> Self {
        Self(sum as f64)
    }
}

impl From<f64> for Wide {
    fn from(sum: f64) -> Self {
        Self(sum)
    }
}

/// The best time of several in milliseconds, and what came of it.
fn best<T>(mut f: impl FnMut() -> Result<T, Error>) -> Result<(f64, T), Error> {
    let mut best = Duration::MAX;
    let mut time = || {
        let start = Instant::now();
        let value = black_box(f());
        best = best.min(start.elapsed());
        value
    };
    let mut value = time()?;
    for _ in 1..TIMES {
        value = time()?;
    }
    Ok((best.as_secs_f64() * 1e3, value))
}
