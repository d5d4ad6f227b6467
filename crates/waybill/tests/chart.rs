//! The chart knows the settings of the program, and no others.

mod support {
    pub(crate) mod commands;
}

use std::{collections::BTreeSet, fs};

use serde_json::Value;
use support::commands::run;

/// What the chart decides by itself, from values of its own.
const DECIDED: [&str; 11] = [
    "analytics",
    "config",
    "data",
    "drain-timeout",
    "fleet",
    "listen",
    "ops-listen",
    "producer",
    "retention",
    "store",
    "store-password-file",
];

/// The flags that the help of a command lists, without dashes in front.
fn flags(command: &str) -> BTreeSet<String> {
    let help = run(&[command, "--help"]).done();
    let lines = help.lines().filter_map(|line| line.trim().strip_prefix("--"));
    lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn every_setting_can_be_set_by_a_value_of_its_name() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../helm/waybill/values.schema.json");
    let schema: Value =
        serde_json::from_str(&fs::read_to_string(path).expect("it is there")).expect("it is JSON");
    for part in ["producer", "fleet", "analytics"] {
        let settings = &schema["properties"][part]["properties"]["settings"]["properties"];
        let known: BTreeSet<_> = settings.as_object().expect("an object").keys().cloned().collect();
        let decided: BTreeSet<_> = DECIDED.map(str::to_owned).into();
        let expected: BTreeSet<_> = flags(part).difference(&decided).cloned().collect();
        assert_eq!(
            known, expected,
            "{part}.settings in values.schema.json, and the flags of `waybill {part}`"
        );
    }
}
