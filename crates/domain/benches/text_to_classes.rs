//! Text to classes on one thread, as a ratio to `str::from_utf8` and `lines()` on the same bytes.
//!
//! `cargo bench -p domain [-- RECORDS]`; with `--features portable` as on a processor without vectors. Medians
//! of rounds that take turns, since machines are noisy.

#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::hint::black_box;
use std::time::Instant;

use domain::{StreetName, parse_drivers, parse_shipments};

const ROUNDS: usize = 15;

fn main() {
    let records = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(1_000_000);
    println!("walk: from_utf8, then lines() to the end; keep: its lines collected into a Vec");
    println!(
        "{:<22}{:>6}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}",
        "set", "MB", "walk ms", "keep ms", "ours ms", "to walk", "to keep", "ns each"
    );
    let (shipments, drivers) = synthetic(records);
    compare("short ASCII", &shipments, &drivers);
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/us-3850");
    let real = |name: &str| {
        let text = std::fs::read(format!("{data}/{name}")).unwrap_or_default();
        text.repeat(records / 3_850 + 1)
    };
    compare("us-3850, repeated", &real("shipments.txt"), &real("drivers.txt"));
    let accents = |text: &[u8]| String::from_utf8_lossy(text).replace('e', "é").into_bytes();
    compare("short, every e an é", &accents(&shipments), &accents(&drivers));
}

fn compare(set: &str, shipments: &[u8], drivers: &[u8]) {
    let (mut walk, mut keep, mut ours) = (Vec::new(), Vec::new(), Vec::new());
    let mut count = 0;
    for _ in 0..ROUNDS {
        walk.push(milliseconds(|| {
            for bytes in [shipments, drivers] {
                let text = std::str::from_utf8(black_box(bytes)).unwrap_or_default();
                for line in text.lines() {
                    black_box(line);
                }
            }
        }));
        keep.push(milliseconds(|| {
            let lines = [shipments, drivers].map(|bytes| {
                let text = std::str::from_utf8(black_box(bytes)).unwrap_or_default();
                text.lines().collect::<Vec<&str>>()
            });
            count = black_box(lines).iter().map(Vec::len).sum();
        }));
        // Parsing takes over the bytes as they were read, so the copy is not its cost.
        let (shipments, drivers) = (shipments.to_vec(), drivers.to_vec());
        ours.push(milliseconds(|| {
            let streets = parse_shipments(black_box(shipments), StreetName::Address);
            black_box((streets, parse_drivers(black_box(drivers))))
        }));
    }
    let mb = (shipments.len() + drivers.len()) as f64 / 1e6;
    let (walk, keep, ours) = (median(walk), median(keep), median(ours));
    let (to_walk, to_keep, each) = (ours / walk, ours / keep, ours * 1e6 / count as f64);
    println!(
        "{set:<22}{mb:>6.1}{walk:>9.1}{keep:>9.1}{ours:>9.1}{to_walk:>9.3}{to_keep:>9.3}{each:>9.1}"
    );
}

/// The time that `work` takes; giving its answer back to the allocator is not in it.
fn milliseconds<T>(work: impl FnOnce() -> T) -> f64 {
    let begin = Instant::now();
    let answer = work();
    let time = begin.elapsed();
    drop(answer);
    time.as_secs_f64() * 1e3
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Addresses and names as the published data set has them: 36 bytes a pair.
fn synthetic(records: usize) -> (Vec<u8>, Vec<u8>) {
    const SURNAMES: [&str; 24] = [
        "Osinski",
        "Volkman",
        "Lindgren",
        "Aufderhar",
        "Champlin",
        "Welch",
        "Mayert",
        "Emmerich",
        "Lowe",
        "Hermann",
        "Wisozk",
        "Murphy",
        "Durgan",
        "Mosciski",
        "Sose",
        "Kub",
        "Schultz",
        "O'Conner",
        "Bechtelar",
        "Rau",
        "Stiedemann",
        "Hagenes",
        "Von",
        "Runolfsdottir",
    ];
    const NAMES: [&str; 20] = [
        "Everardo",
        "Orval",
        "Howard",
        "Izaiah",
        "Monica",
        "Ellis",
        "Noemie",
        "Cleve",
        "Murphy",
        "Kaiser",
        "Adolf",
        "Dessie",
        "Kathlyn",
        "Marvin",
        "Al",
        "Shanna",
        "Jo",
        "Maximillian",
        "Bernadette",
        "Guy",
    ];
    const KINDS: [&str; 12] = [
        "Manors",
        "Garden",
        "Island",
        "Corners",
        "River",
        "Light",
        "Lake",
        "Ferry",
        "Stravenue",
        "Way",
        "Mountains",
        "Via",
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut below = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % n
    };
    let (mut shipments, mut drivers) = (String::new(), String::new());
    for _ in 0..records {
        let size = below(3);
        let number = 100 + below([900, 9_900, 99_900][size]);
        let street = if below(2) == 0 { SURNAMES[below(24)] } else { NAMES[below(20)] };
        let kind = KINDS[below(12)];
        let unit = match below(6) {
            0 => format!(" Suite {}", 100 + below(900)),
            1 => format!(" Apt. {}", 100 + below(900)),
            _ => String::new(),
        };
        shipments.push_str(&format!("{number} {street} {kind}{unit}\n"));
        drivers.push_str(&format!("{} {}\n", NAMES[below(20)], SURNAMES[below(24)]));
    }
    (shipments.into_bytes(), drivers.into_bytes())
}
