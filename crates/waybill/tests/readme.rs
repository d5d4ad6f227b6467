//! Every grpcurl example of the README, run as it stands against a running system.

mod support {
    pub(crate) mod grpcurl;
    pub(crate) mod system;
    pub(crate) mod tool;
}

use support::{grpcurl::Grpcurl, system::System};

/// The grpcurl commands of the README, as words.
fn examples() -> Vec<Vec<String>> {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let readme = std::fs::read_to_string(readme).expect("there is a README");
    readme.lines().filter_map(|line| line.strip_prefix("grpcurl ")).map(words).collect()
}

/// A command's words, as a shell splits them; single quotes are all that examples need.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, piece) in command.split('\'').enumerate() {
        if at % 2 == 1 {
            words.push(piece.to_owned());
        } else {
            words.extend(piece.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[tokio::test]
async fn every_grpcurl_example_of_the_readme_works() {
    let Some(grpcurl) = Grpcurl::find() else { return };
    let system = System::start();
    system.ready().await;
    let examples = examples();
    assert!(examples.len() >= 9, "the README has its examples");
    for mut example in examples {
        for word in &mut example {
            *word = system.at_its_ports(word);
        }
        let answer = grpcurl.run(&example);
        assert!(answer.status.success(), "{example:?}\n{}", answer.text);
        assert!(!answer.text.trim().is_empty(), "{example:?} printed nothing");
    }
}

#[tokio::test]
async fn a_run_that_grpcurl_triggers_ends_with_every_batch_settled() {
    let Some(grpcurl) = Grpcurl::find() else { return };
    let system = System::start();
    system.ready().await;
    let trigger = examples().into_iter().find(|words| words.concat().contains("StartRun"));
    let trigger: Vec<String> = trigger
        .expect("it is there")
        .iter()
        .map(|word| system.at_its_ports(word).replace("0.25s", "0.01s"))
        .collect();
    let started: serde_json::Value =
        serde_json::from_str(&grpcurl.run(&trigger).text).expect("it prints the run as JSON");
    assert_eq!(started["state"], "RUN_STATE_RUNNING");
    let run = system.finished(started["runId"].as_str().expect("an id")).await;
    assert_eq!((run.batches_sent, run.batches_settled, run.assigned), (20, 20, 20 * 30));
}

#[tokio::test]
async fn a_batch_by_hand_is_planned_once() {
    let Some(grpcurl) = Grpcurl::find() else { return };
    let system = System::start();
    system.ready().await;
    let dispatch = examples().into_iter().find(|words| words.concat().contains("Dispatch"));
    let dispatch: Vec<String> =
        dispatch.expect("it is there").iter().map(|word| system.at_its_ports(word)).collect();

    let first = grpcurl.run(&dispatch);
    let again = grpcurl.run(&dispatch);
    assert!(
        first.text.contains("\"settled\"") && !first.text.contains("\"duplicate\""),
        "{}",
        first.text
    );
    assert!(again.text.contains("\"duplicate\": true"), "{}", again.text);

    let other: Vec<String> = dispatch
        .iter()
        .map(|word| word.replace("987 Champlin Lake", "988 Champlin Lake"))
        .collect();
    let refused = grpcurl.run(&other);
    assert!(
        refused.text.contains("\"rejected\"") && refused.text.contains("\"code\": 6"),
        "{}",
        refused.text
    );
}

#[tokio::test]
async fn health_and_reflection_are_there_on_every_service() {
    let Some(grpcurl) = Grpcurl::find() else { return };
    let system = System::start();
    system.ready().await;
    for (port, service) in [
        ("127.0.0.1:8080", "waybill.analytics.v1.AnalyticsService"),
        ("127.0.0.1:8081", "waybill.producer.v1.ProducerService"),
        ("127.0.0.1:8082", "waybill.fleet.v1.FleetService"),
    ] {
        let address = system.at_its_ports(port);
        let list = grpcurl.run(&["-plaintext", &address, "list"]);
        for name in [service, "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"] {
            assert!(list.text.contains(name), "{name} on {port}: {}", list.text);
        }
        let described = grpcurl.run(&["-plaintext", &address, "describe", service]);
        assert!(described.text.contains("is a service"), "{}", described.text);
        for (request, expected) in [
            (format!("{{\"service\": \"{service}\"}}"), "SERVING"),
            ("{}".to_owned(), "SERVING"),
            ("{\"service\": \"nobody\"}".to_owned(), "NotFound"),
        ] {
            let check = ["-plaintext", "-d", &request, &address, "grpc.health.v1.Health/Check"];
            let answer = grpcurl.run(&check);
            assert!(answer.text.contains(expected), "{request} on {port}: {}", answer.text);
        }
        let listed = grpcurl.run(&["-plaintext", &address, "grpc.health.v1.Health/List"]);
        assert!(listed.text.contains(service), "{}", listed.text);
        let request = "{\"service\": \"nobody\"}";
        let watch = [
            "-plaintext",
            "-max-time",
            "1",
            "-d",
            request,
            &address,
            "grpc.health.v1.Health/Watch",
        ];
        let watched = grpcurl.run(&watch);
        assert!(watched.text.contains("SERVICE_UNKNOWN"), "{}", watched.text);
    }
}
