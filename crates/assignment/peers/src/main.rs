//! peers SOLVER TYPE ROWS TIMES FILE: solves the square matrix of little-endian `f64` in the file, and
//! prints its total and the time of each solution in milliseconds, as JSON. What the solver's own type
//! asks for is made before.
//!
//! SOLVER is `ours` (TYPE `f64`, `f32`, `i64` or `i32`), `lapjv` (`f64`) or `pathfinding` (`i64`), or
//! `sparse` (`f64`): then the file holds rows + 1 starts and the columns as `u64`, and the costs.

use std::process::ExitCode;
use std::time::Instant;
use std::{env, fs};

use assignment::dense::{Element, Goal, Matrix, solve};
use assignment::sparse;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peers: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [solver, of, rows, times, file] = &words[..] else {
        return Err("usage: peers SOLVER TYPE ROWS TIMES FILE".into());
    };
    let (rows, times) = (rows.parse::<usize>()?, times.parse::<usize>()?);
    let words = words_of(&fs::read(file)?);
    let costs = || words.iter().map(|&word| f64::from_bits(word));
    match (solver.as_str(), of.as_str()) {
        ("ours", "f64") => ours(rows, times, &costs().collect::<Vec<f64>>(), |total| total),
        ("ours", "f32") => {
            ours(rows, times, &costs().map(|cost| cost as f32).collect::<Vec<_>>(), |total| total)
        }
        ("ours", "i64") => ours(rows, times, &whole(costs())?, |total| total as f64),
        ("ours", "i32") => {
            let costs: Vec<i32> =
                whole(costs())?.into_iter().map(i32::try_from).collect::<Result<_, _>>()?;
            ours(rows, times, &costs, |total| total as f64)
        }
        ("sparse", "f64") => pairs(rows, times, &words),
        ("lapjv", "f64") => {
            let matrix = ndarray::Array2::from_shape_vec((rows, rows), costs().collect())?;
            timed(times, || Ok(lapjv::cost(&matrix, &lapjv::lapjv(&matrix)?.0)))
        }
        ("pathfinding", "i64") => {
            let matrix = pathfinding::matrix::Matrix::from_vec(rows, rows, whole(costs())?)?;
            timed(times, || {
                Ok(pathfinding::kuhn_munkres::kuhn_munkres_min(&matrix).0 as f64)
            })
        }
        _ => Err(format!("no solver {solver} of {of}").into()),
    }
}

fn ours<T: Element>(
    rows: usize,
    times: usize,
    costs: &[T],
    total: impl Fn(<T::Wide as sparse::Cost>::Sum) -> f64,
) -> Result<(), Failure> {
    let matrix = Matrix::new(rows, rows, costs)?;
    timed(times, || Ok(total(solve(Goal::Minimise, &matrix)?.total)))
}

fn pairs(rows: usize, times: usize, words: &[u64]) -> Result<(), Failure> {
    let (starts, rest) = words.split_at_checked(rows + 1).ok_or("too short")?;
    let starts: Vec<usize> = starts.iter().map(|&start| start as usize).collect();
    let (columns, costs) = rest.split_at_checked(rest.len() / 2).ok_or("too short")?;
    let columns: Vec<u32> = columns.iter().map(|&column| column as u32).collect();
    let costs: Vec<f64> = costs.iter().map(|&cost| f64::from_bits(cost)).collect();
    timed(times, || {
        let problem =
            sparse::Problem::from_csr(Goal::Minimise, rows, &starts, &columns, &costs)?;
        Ok(sparse::solve(&problem)?.total)
    })
}

fn timed(times: usize, mut solve: impl FnMut() -> Result<f64, Failure>) -> Result<(), Failure> {
    let (mut total, mut took) = (0.0, Vec::new());
    for _ in 0..times {
        let begun = Instant::now();
        total = solve()?;
        took.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    println!(r#"{{"total": {total:?}, "ms": {took:?}}}"#);
    Ok(())
}

fn words_of(bytes: &[u8]) -> Vec<u64> {
    bytes.as_chunks().0.iter().map(|&word| u64::from_le_bytes(word)).collect()
}

fn whole(costs: impl Iterator<Item = f64>) -> Result<Vec<i64>, Failure> {
    let whole = |cost: f64| (cost.fract() == 0.0).then_some(cost as i64);
    costs.map(whole).collect::<Option<_>>().ok_or_else(|| "costs are not whole numbers".into())
}
