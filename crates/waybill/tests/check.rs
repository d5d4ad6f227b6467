//! `waybill check` tells an installation that works from one that does not.

mod support {
    pub(crate) mod commands;
    pub(crate) mod system;
}

use support::{
    commands::{Ended, run},
    system::{Part, System},
};

fn check(producer: Part, fleet: Part, analytics: Part, system: &System) -> Ended {
    let url = |part| format!("http://{}", system.address(part));
    let (producer, fleet, analytics) = (url(producer), url(fleet), url(analytics));
    let at = ["--producer", &producer, "--fleet", &fleet, "--analytics", &analytics];
    run(&[&["check", "--batch"], &at[..]].concat())
}

#[tokio::test]
async fn it_finds_what_is_there_and_names_what_is_not() {
    let mut system = System::start();
    system.ready().await;
    let said = check(Part::Producer, Part::Fleet, Part::Analytics, &system).done();
    assert!(said.contains(" is settled: 32 of 32 assigned, total "), "{said}");

    // Another service is at that address.
    let ended = check(Part::Producer, Part::Producer, Part::Analytics, &system);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stderr.contains("no service \"waybill.fleet.v1.FleetService\""), "{ended:?}");

    system.kill(Part::Fleet);
    let ended = check(Part::Producer, Part::Fleet, Part::Analytics, &system);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stderr.contains("does not answer"), "{ended:?}");
}

#[test]
fn a_trace_is_looked_for_only_where_it_can_be() {
    let said = run(&["check", "--trace-query", "http://jaeger"]).wrong_usage();
    assert!(said.contains("needs --batch"), "{said}");
    let said = run(&["check", "--batch", "--trace-query", "https://jaeger"]).wrong_usage();
    assert!(said.contains("connections are not encrypted here"), "{said}");
}
