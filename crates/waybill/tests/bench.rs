//! `waybill bench` runs, and says what checks rely on.

mod support {
    pub(crate) mod commands;
}

use support::commands::run;

#[test]
fn a_quick_bench_has_every_key() {
    let report = run(&["bench", "--quick", "--format", "json"]).json();
    let keys = [
        "text_ratio",
        "text_ratio_2",
        "text_memory_ratio",
        "replan_median_us",
        "replan_p99_us",
        "pipeline_ratio",
        "pipeline_ratio_stream",
        "p50_ms",
        "p99_ms",
    ];
    for key in keys {
        assert!(report[key].as_f64().is_some_and(|number| number > 0.0), "{key}: {report}");
    }
    for process in ["producer", "fleet", "analytics"] {
        assert!(report["peak_mib"][process].as_f64().is_some_and(|mib| mib > 1.0), "{report}");
    }
    let ways = report["telemetry"].as_object().expect("it is measured");
    for (way, cost) in ways {
        for key in ["cpu_ratio", "rate_ratio"] {
            assert!(cost[key].as_f64().is_some_and(|ratio| ratio > 0.0), "{way} {key}: {report}");
        }
        // What came of it, so that the ratios are of what they say they are.
        let spans = cost["spans_per_batch"].as_f64().expect("a number");
        let expected = match way.as_str() {
            "all_sampled" => 0.5..=7.0,
            "one_percent" | "one_percent_collector_slow" => f64::MIN_POSITIVE..=0.5,
            _ => 0.0..=0.0,
        };
        assert!(expected.contains(&spans), "{way}: {report}");
    }
    assert_eq!(ways.len(), 7, "{report}");
}
