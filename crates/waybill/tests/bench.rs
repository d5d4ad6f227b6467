//! `waybill bench` runs, and says what checks rely on.

mod support {
    pub(crate) mod commands;
}

use support::commands::run;

#[test]
fn a_quick_bench_has_every_key() {
    let report = run(&["bench", "--quick", "--format", "json"]).json();
    for key in ["text_ratio", "pipeline_ratio", "p50_ms", "p99_ms"] {
        assert!(report[key].as_f64().is_some_and(|number| number > 0.0), "{key}: {report}");
    }
    for process in ["producer", "fleet", "analytics"] {
        assert!(report["peak_mib"][process].as_f64().is_some_and(|mib| mib > 1.0), "{report}");
    }
}
