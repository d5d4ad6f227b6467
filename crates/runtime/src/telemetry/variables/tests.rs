use super::*;

pub(super) fn with(variables: &[(&str, &str)]) -> Variables<impl Fn(&str) -> Option<String>> {
    Variables {
        read: |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        },
    }
}

fn exports(variables: &[(&str, &str)]) -> (bool, usize) {
    let mut warnings = Vec::new();
    (with(variables).export(&mut warnings), warnings.len())
}

#[test]
fn what_is_not_understood_is_named() {
    let numbers = [
        "OTEL_EXPORTER_OTLP_TIMEOUT",
        "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
        "OTEL_BSP_SCHEDULE_DELAY",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
        "OTEL_BSP_MAX_QUEUE_SIZE",
        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
        "OTEL_SPAN_EVENT_COUNT_LIMIT",
        "OTEL_SPAN_LINK_COUNT_LIMIT",
    ];
    let lists = [
        "OTEL_EXPORTER_OTLP_HEADERS",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
        "OTEL_RESOURCE_ATTRIBUTES",
    ];
    let read = |name: &str, value: &str| {
        let (variables, mut warnings) = ([(name, value)], Vec::new());
        let variables = with(&variables);
        variables.check(&mut warnings);
        (variables.queue(&mut warnings), warnings)
    };
    for (names, good, bad) in [(&numbers[..], "7", "7s"), (&lists[..], "a=b,c=d", "a=b,secret")] {
        for name in names {
            assert_eq!(read(name, good).1, [""; 0], "{name}");
            let warnings = read(name, bad).1;
            assert!(warnings.len() == 1 && warnings[0].contains(name), "{warnings:?}");
            assert!(!warnings[0].contains("secret"), "{warnings:?}");
        }
    }
    assert_eq!(read("OTEL_BSP_MAX_QUEUE_SIZE", "7").0, 7);
    assert_eq!(read("OTEL_BSP_MAX_QUEUE_SIZE", "7s").0, OTEL_BSP_MAX_QUEUE_SIZE_DEFAULT);
}

#[cfg(unix)]
#[test]
fn what_is_no_text_is_named() {
    use std::os::unix::ffi::OsStringExt;
    let broken = || OsString::from_vec(b"info\xff".to_vec());
    let variables =
        ["OTEL_TRACES_SAMPLER", "WAYBILL_LOG", "PATH"].map(|name| (name.into(), broken()));
    let mut warnings = Vec::new();
    let good = ("OTEL_PROPAGATORS".into(), "baggage".into());
    check_text(variables.into_iter().chain([good]), &mut warnings);
    let names: Vec<_> = warnings.iter().map(|said| said.split(' ').next().unwrap()).collect();
    assert_eq!(names, ["OTEL_TRACES_SAMPLER", "WAYBILL_LOG"]);
}

#[test]
fn traces_are_exported_only_to_an_endpoint_and_only_if_nothing_forbids_it() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317");
    assert_eq!(exports(&[]), (false, 0));
    assert_eq!(exports(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]), (false, 0));
    assert_eq!(exports(&[endpoint]), (true, 0));
    assert_eq!(exports(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c:4317")]), (true, 0));
    for odd in ["collector:4317", "https://collector:4317", "http://"] {
        assert_eq!(exports(&[("OTEL_EXPORTER_OTLP_ENDPOINT", odd)]), (true, 1), "{odd}");
    }
    assert_eq!(exports(&[endpoint, ("OTEL_SDK_DISABLED", "TRUE")]), (false, 0));
    assert_eq!(exports(&[endpoint, ("OTEL_SDK_DISABLED", "false")]), (true, 0));
    assert_eq!(exports(&[endpoint, ("OTEL_SDK_DISABLED", "yes")]), (true, 1));
    assert_eq!(exports(&[endpoint, ("OTEL_TRACES_EXPORTER", "none")]), (false, 0));
    assert_eq!(exports(&[endpoint, ("OTEL_TRACES_EXPORTER", "zipkin")]), (false, 1));
    assert_eq!(exports(&[endpoint, ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]), (true, 1));
}

#[test]
fn a_collector_has_an_address_that_can_be_one() {
    for good in ["http://127.0.0.1:4317", "http://otel", "http://[::1]", "http://otel:1/v1/metrics"]
    {
        assert!(is_http(good), "{good}");
    }
    for bad in ["https://otel", "otel:4317", "http://", "http://otel:99999", "http://otel:"] {
        assert!(!is_http(bad), "{bad}");
    }
}
