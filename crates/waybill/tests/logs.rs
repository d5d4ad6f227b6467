//! What is logged is changed on the ops port, while the process runs.

mod support {
    pub(crate) mod system;
}

use proto::producer::v1::{StartRunRequest, Synthetic, start_run_request::Source};
use support::system::{Part, System};

/// A run of one batch, which the fleet service logs at debug as it comes: its stream says hello.
async fn a_batch(system: &mut System) {
    let request = StartRunRequest {
        source: Some(Source::Synthetic(Synthetic { shipments: 3, drivers: 3, seed: 7 })),
        batch_limit: 1,
        ..StartRunRequest::default()
    };
    system.kill(Part::Producer);
    system.launch(Part::Producer);
    let run = system.start_run(&request).await;
    system.finished(&run.run_id).await;
}

#[tokio::test]
async fn the_filter_of_the_log_is_changed_while_it_runs() {
    let mut system = System::start();
    system.ready().await;
    let filter =
        |system: &System| system.ops(Part::Fleet, "GET /log-filter", "", "").expect("an answer");
    assert!(filter(&system).ends_with("\r\n\r\ninfo\n"), "{}", filter(&system));
    a_batch(&mut system).await;
    assert!(!system.log(Part::Fleet).contains("\"message\":\"hello\""));

    let set = |system: &System, filter: &str| {
        let answer = system.ops(Part::Fleet, "PUT /log-filter", "", filter).expect("an answer");
        (answer.split(' ').nth(1).unwrap_or_default().to_owned(), answer)
    };
    let (code, answer) = set(&system, "fleet=loud");
    assert!(code == "400" && answer.contains("is no filter"), "{answer}");
    assert_eq!(set(&system, "").0, "400");
    assert_eq!(set(&system, "info,fleet=debug").0, "204");
    assert!(filter(&system).contains("fleet=debug"), "{}", filter(&system));
    a_batch(&mut system).await;
    assert!(system.log(Part::Fleet).contains("\"message\":\"hello\""));
}
