//! Times of the solvers, best of several, one thread: `cargo bench -p assignment --bench solve [-- small|classes|dense]`.
#![allow(clippy::print_stdout, reason = "prints its table")]

mod suitability;

use std::hint::black_box;
use std::time::{Duration, Instant};

use assignment::{Alternatives, Classes, Error, Explanation, Problem, Solution, Table};
use assignment::{expand, first_come, solve, solve_classes, verify, verify_classes};
use suitability::{classes, driver, length, mix, suitable};

fn main() -> Result<(), Error> {
    println!("{:<44}{:>12}", "problem and step", "best, ms");
    small()?;
    if std::env::args().any(|word| word == "small") {
        return Ok(());
    }
    if std::env::args().all(|word| word != "dense") {
        by_suitability(1_000_000)?;
        adversarial()?;
    }
    if std::env::args().any(|word| word == "classes") {
        return Ok(());
    }
    for side in [1000, 2000] {
        dense("random", side, |r, c| mix((r * side + c) as u64) % 1_000_000)?;
        dense("ties", side, |r, c| mix((r * side + c) as u64) % 60)?;
        dense("product", side, |r, c| ((r + 1) * (c + 1)) as u64)?;
        dense("suitability", side, |r, c| suitable(length(r), driver(c)))?;
    }
    Ok(())
}

fn time<T>(what: &str, times: usize, f: impl FnMut() -> T) -> T {
    timed(what, times, f).0
}

/// The result, and the best time.
fn timed<T>(what: &str, times: usize, mut f: impl FnMut() -> T) -> (T, Duration) {
    let mut best = Duration::MAX;
    let mut result = None;
    for _ in 0..times {
        let start = Instant::now();
        let value = black_box(f());
        best = best.min(start.elapsed());
        result = Some(value);
    }
    println!("{what:<44}{:>12.3}", best.as_secs_f64() * 1e3);
    (result.expect("at least one time"), best)
}

/// Many batches of 32 shipments and 32 drivers, as they stream. The number is the time of all of them.
fn small() -> Result<(), Error> {
    const BATCHES: usize = 100;
    const SIDE: usize = 32;
    println!("{BATCHES} batches of {SIDE} by {SIDE}");
    let batches = (0..BATCHES).map(|batch| {
        let members = batch * SIDE..(batch + 1) * SIDE;
        let (lengths, row_class) = classes(members.clone().map(length));
        let (drivers, column_class) = classes(members.map(driver));
        let table = Table::from_fn(lengths.len(), drivers.len(), |r, c| {
            Some(suitable(lengths[r], drivers[c]).cast_signed())
        })?;
        Ok((row_class, column_class, table))
    });
    let batches: Vec<_> = batches.collect::<Result<_, Error>>()?;
    let problems: Vec<_> = batches
        .iter()
        .map(|(row_class, column_class, table)| {
            Problem::Classes(Classes { row_class, column_class, table })
        })
        .collect();
    let solve_all = || problems.iter().map(solve).collect::<Result<Vec<_>, Error>>();
    let solutions = time("  solve", 20, solve_all)?;
    time("  first come", 20, || problems.iter().map(first_come).sum::<i64>());
    time("  verify", 20, || {
        problems.iter().zip(&solutions).filter(|(p, s)| verify(p, s).is_ok()).count()
    });
    Ok(())
}

/// A class for every length, one for every (length, vowels, consonants) of a driver.
fn by_suitability(side: usize) -> Result<(), Error> {
    let lengths: Vec<u64> = (6..=30).collect();
    let mut drivers: Vec<_> = (0..side).map(driver).collect();
    let all = drivers.clone();
    drivers.sort_unstable();
    drivers.dedup();
    let row_class: Vec<u32> = (0..side).map(|s| (length(s) - 6) as u32).collect();
    let column_class: Vec<u32> =
        all.iter().map(|d| drivers.partition_point(|other| other < d) as u32).collect();
    let table = Table::from_fn(lengths.len(), drivers.len(), |r, c| {
        Some(suitable(lengths[r], drivers[c]).cast_signed())
    })?;
    let counts = |class: &[u32], classes: usize| {
        let mut counts = vec![0_u64; classes];
        class.iter().for_each(|&class| counts[class as usize] += 1);
        counts
    };
    let rows = counts(&row_class, table.rows());
    let columns = counts(&column_class, table.columns());
    println!("suitability {side} by {side}, {} by {} classes", table.rows(), table.columns());
    let classes = time("  solve_classes", 20, || solve_classes(&rows, &columns, &table))?;
    println!("    {} flows", classes.flows.len());
    time("  expand", 9, || expand(&row_class, &column_class, &classes));
    let problem = Problem::Classes(Classes {
        row_class: &row_class,
        column_class: &column_class,
        table: &table,
    });
    let solution = time("  solve, all of it", 9, || solve(&problem))?;
    time("  verify", 9, || verify(&problem, &solution)).expect("optimal");
    time("  explain", 9, || Explanation::new(&problem, &solution));
    explain(&problem, &solution, 9);
    let greedy = time("  first come", 9, || first_come(&problem));
    println!("    total {}, first come {greedy}", solution.total);
    Ok(())
}

/// Classes that do not merge, with counts that make every push a small one.
fn adversarial() -> Result<(), Error> {
    for (name, ordered) in [("random", false), ("all want the same", true)] {
        let table = Table::from_fn(60, 5000, |r, c| {
            let noise = mix((r * 5000 + c) as u64) % 1000;
            let score = if ordered { 1_000_000 - 150 * c as u64 + noise } else { noise * 1000 };
            Some(score.cast_signed())
        })?;
        let rows: Vec<u64> = (0..60).map(|r| 8000 + mix(r) % 1000).collect();
        let columns: Vec<u64> = (0..5000).map(|c| 1 + mix(c ^ 77) % 200).collect();
        let what = format!("60 by 5000 classes, {name}");
        let (solution, taken) = timed(&what, 3, || solve_classes(&rows, &columns, &table));
        let solution = solution?;
        // Nobody proves an optimum without a look at each pair.
        let proof = || verify_classes(&rows, &columns, &table, &solution);
        let (proven, look) = timed("  verify_classes", 3, proof);
        assert_eq!(proven, Ok(()));
        println!("    {:.0} times that", taken.as_secs_f64() / look.as_secs_f64());
        let reversed = Table::from_fn(5000, 60, |r, c| table.get(c, r))?;
        let other = time("  the other way round", 3, || solve_classes(&columns, &rows, &reversed))?;
        assert_eq!(solution.total, other.total);
    }
    Ok(())
}

fn dense(name: &str, side: usize, score: impl Fn(usize, usize) -> u64) -> Result<(), Error> {
    let table = Table::from_fn(side, side, |r, c| Some(score(r, c).cast_signed()))?;
    let problem = Problem::Matrix(&table);
    let solution = time(&format!("dense {side} by {side}, {name}"), 3, || solve(&problem))?;
    assert_eq!(verify(&problem, &solution), Ok(()));
    explain(&problem, &solution, 1);
    Ok(())
}

/// What the solution would lose by being another.
fn explain(problem: &Problem<'_>, solution: &Solution, times: usize) {
    let alternatives = time("  alternatives", times, || Alternatives::new(problem, solution));
    let margins = alternatives.margins().len();
    time(&format!("  {margins} margins"), times, || {
        alternatives.margins().map(|margin| margin.margin).max()
    });
}
