//! Which pairs of files in a folder are complete. Pure: listings go in.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

/// A file, and what tells it from another one of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    /// Its name in the folder.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written, in nanoseconds since the epoch.
    pub written: u64,
}

/// What a file holds, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    /// `NAME.shipments.txt` or `.csv`.
    Shipments,
    /// `NAME.drivers.txt` or `.csv`.
    Drivers,
}

/// Files that share a name and are to be looked at now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// Both are there and rest.
    Pair {
        /// The name they share.
        name: String,
        /// The shipments.
        shipments: Seen,
        /// The drivers.
        drivers: Seen,
    },
    /// There are two files for one side.
    Twice {
        /// The name they share.
        name: String,
        /// All of them.
        files: Vec<Seen>,
    },
    /// One has no partner yet. Said once.
    Alone {
        /// The one that is there.
        file: String,
    },
}

/// Remembers the folder from one look to the next.
#[derive(Debug, Default)]
pub(super) struct Scan {
    before: HashMap<String, Seen>,
    alone: BTreeSet<String>,
    unnameable: BTreeSet<String>,
}

impl Scan {
    /// Those of the names that were not there at the look before.
    pub(super) fn first_seen(&mut self, unnameable: BTreeSet<String>) -> Vec<String> {
        let new = unnameable.difference(&self.unnameable).cloned().collect();
        self.unnameable = unnameable;
        new
    }

    /// What there is to do, by the files that are there now. A file rests when it is as it was at the
    /// look before.
    pub(super) fn look(&mut self, files: Vec<Seen>) -> Vec<Found> {
        let mut names: BTreeMap<String, Vec<(Side, Seen)>> = BTreeMap::new();
        for file in files {
            if let Some((name, side)) = parse(&file.name) {
                names.entry(name.to_owned()).or_default().push((side, file));
            }
        }
        let mut found = Vec::new();
        let mut alone = BTreeSet::new();
        let mut now = HashMap::new();
        for (name, mut group) in names {
            group.sort_by_key(|(side, _)| *side);
            let rests = group.iter().all(|(_, file)| self.before.get(&file.name) == Some(file));
            now.extend(group.iter().map(|(_, file)| (file.name.clone(), file.clone())));
            match group.as_slice() {
                [(Side::Shipments, shipments), (Side::Drivers, drivers)] if rests => {
                    let (shipments, drivers) = (shipments.clone(), drivers.clone());
                    found.push(Found::Pair { name, shipments, drivers });
                }
                [(_, file)] if rests => {
                    alone.insert(file.name.clone());
                    if !self.alone.contains(&file.name) {
                        found.push(Found::Alone { file: file.name.clone() });
                    }
                }
                [(Side::Shipments, _), (Side::Drivers, _)] | [_] => {}
                _ if rests => {
                    let files = group.into_iter().map(|(_, file)| file).collect();
                    found.push(Found::Twice { name, files });
                }
                _ => {}
            }
        }
        (self.before, self.alone) = (now, alone);
        found
    }
}

/// The name that a file shares with its partner, and its side.
fn parse(file: &str) -> Option<(&str, Side)> {
    let stem = file.strip_suffix(".txt").or_else(|| file.strip_suffix(".csv"))?;
    let (name, side) = match stem.strip_suffix(".shipments") {
        Some(name) => (name, Side::Shipments),
        None => (stem.strip_suffix(".drivers")?, Side::Drivers),
    };
    (!name.is_empty() && !name.starts_with('.')).then_some((name, side))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, size: u64) -> Seen {
        Seen { name: name.into(), size, written: 1 }
    }

    #[test]
    fn a_pair_is_taken_when_both_are_there_and_rest() {
        let mut scan = Scan::default();
        let (s, d) = (file("a.shipments.txt", 1), file("a.drivers.csv", 1));
        assert_eq!(scan.look(vec![s.clone()]), []);
        assert_eq!(scan.look(vec![d.clone(), s.clone()]), []);
        let grown = file("a.drivers.csv", 2);
        assert_eq!(scan.look(vec![s.clone(), grown.clone()]), [], "it is still written");
        let pair = Found::Pair { name: "a".into(), shipments: s.clone(), drivers: grown.clone() };
        assert_eq!(scan.look(vec![s, grown]), [pair]);
    }

    #[test]
    fn a_file_without_a_partner_waits_and_is_named_once() {
        let mut scan = Scan::default();
        let s = file("a.shipments.txt", 1);
        scan.look(vec![s.clone()]);
        assert_eq!(scan.look(vec![s.clone()]), [Found::Alone { file: "a.shipments.txt".into() }]);
        assert_eq!(scan.look(vec![s]), []);
    }

    #[test]
    fn a_name_that_is_not_text_is_told_once() {
        let mut scan = Scan::default();
        let names = || BTreeSet::from(["caf\u{fffd}.shipments.txt".to_owned()]);
        assert_eq!(scan.first_seen(names()).len(), 1);
        assert!(scan.first_seen(names()).is_empty());
        assert!(scan.first_seen(BTreeSet::new()).is_empty());
        assert_eq!(scan.first_seen(names()).len(), 1, "it was taken away and is back");
    }

    #[test]
    fn two_files_for_one_side_are_no_pair() {
        let mut scan = Scan::default();
        let files =
            vec![file("a.shipments.txt", 1), file("a.shipments.csv", 1), file("a.drivers.txt", 1)];
        scan.look(files.clone());
        assert_eq!(scan.look(files.clone()), [Found::Twice { name: "a".into(), files }]);
    }

    #[test]
    fn other_files_are_none_of_ours() {
        let mut scan = Scan::default();
        for name in ["a.txt", ".a.shipments.txt", ".shipments.txt", "a.shipments.txt.part", "done"]
        {
            scan.look(vec![file(name, 1)]);
            assert_eq!(scan.look(vec![file(name, 1)]), [], "{name}");
        }
    }
}
