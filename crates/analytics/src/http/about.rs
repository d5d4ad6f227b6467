//! `/profile.json`: about this deployment, as far as it is known from here.
//!
//! Analytics knows itself and, by the streams that are open to it, the replicas of the fleet service. The
//! producer is asked for its profile, and tells of the replicas that it sends to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use jiff::Timestamp;
use runtime::profile::{self, Profile, pb};
use serde::Serialize;

use crate::{Analytics, TraceViewer};

/// A part that does not answer in this time is not reached.
const ANSWER: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub(super) struct About {
    analytics: Arc<Analytics>,
    profile: Profile,
}

/// The whole document.
#[derive(Serialize)]
pub(super) struct Deployment {
    version: String,
    build: &'static str,
    started: Option<String>,
    last_sequence: u64,
    /// With `{trace_id}` where that goes.
    trace_viewer: Option<String>,
    parts: Vec<Part>,
    streams: Vec<Stream>,
}

/// A process that runs a part.
#[derive(Debug, PartialEq, Serialize)]
struct Part {
    part: &'static str,
    name: String,
    state: String,
    version: Option<String>,
    started: Option<String>,
    /// Batches that wait for its answer, and of a producer also those that it could not send yet; only
    /// where it is known.
    unanswered: Option<u64>,
}

/// A stream between two of them, seen from one of its ends.
#[derive(Debug, PartialEq, Serialize)]
struct Stream {
    from: String,
    to: String,
    open: bool,
    trouble: Option<String>,
    batches_in_flight: u64,
    bytes_in_flight: u64,
    max_batches: Option<u64>,
    max_bytes: Option<u64>,
}

impl About {
    pub(super) fn new(analytics: Arc<Analytics>, profile: Profile) -> About {
        About { analytics, profile }
    }

    pub(super) async fn json(&self) -> Json<Deployment> {
        let own = self.profile.look();
        let producer = match &self.analytics.producer {
            Some(producer) => Some(profile::ask(producer.clone(), ANSWER).await),
            None => None,
        };
        let this = own.process.clone().unwrap_or_default();
        let streams = streams(&own, producer.as_ref().and_then(|told| told.as_ref().ok()));
        Json(Deployment {
            version: this.version,
            build: if cfg!(debug_assertions) { "debug" } else { "release" },
            started: this.start_time.and_then(time),
            last_sequence: *self.analytics.store.committed().borrow(),
            trace_viewer: self.analytics.trace_viewer.as_ref().map(TraceViewer::to_string),
            parts: parts(&own, producer.as_ref()),
            streams,
        })
    }
}

/// What the producer said of itself, if it could be asked.
type Told = Result<pb::GetProfileResponse, tonic::Status>;

fn parts(own: &pb::GetProfileResponse, producer: Option<&Told>) -> Vec<Part> {
    let mut parts = vec![of("analytics", own)];
    match producer {
        Some(Ok(told)) => parts.push(of("producer", told)),
        Some(Err(status)) => parts.push(Part {
            part: "producer",
            name: "producer".to_owned(),
            state: format!("not reached: {}", status.message()),
            version: None,
            started: None,
            unanswered: None,
        }),
        None => {}
    }
    // A replica is known from both of its ends. Producers wait for its answer until the plan is recorded, so
    // what is in flight to it holds what is in flight from it.
    let mut fleet = BTreeMap::new();
    for stream in producer.iter().filter_map(|told| told.as_ref().ok()).flat_map(|it| &it.sending) {
        let state = if stream.open { "serving".to_owned() } else { down(&stream.trouble) };
        fleet.insert(name(stream), replica(stream, state));
    }
    for stream in &own.receiving {
        fleet.entry(name(stream)).or_insert_with(|| replica(stream, "serving".to_owned()));
    }
    parts.extend(fleet.into_values());
    parts
}

fn of(part: &'static str, told: &pb::GetProfileResponse) -> Part {
    let process = told.process.clone().unwrap_or_default();
    Part {
        part,
        name: process.name,
        state: if told.serving { "serving" } else { "not serving" }.to_owned(),
        version: Some(process.version),
        started: process.start_time.and_then(time),
        unanswered: Some(told.unanswered_batches),
    }
}

fn replica(stream: &pb::Stream, state: String) -> Part {
    let peer = stream.peer.clone().unwrap_or_default();
    Part {
        part: "fleet",
        name: name(stream),
        state,
        version: Some(peer.version).filter(|version| !version.is_empty()),
        started: peer.start_time.and_then(time),
        unanswered: stream.open.then_some(stream.batches_in_flight),
    }
}

fn streams(own: &pb::GetProfileResponse, producer: Option<&pb::GetProfileResponse>) -> Vec<Stream> {
    let of = |told: &pb::GetProfileResponse| told.process.clone().unwrap_or_default().name;
    let sent = producer
        .iter()
        .flat_map(|told| told.sending.iter().map(|stream| between(of(told), name(stream), stream)));
    let received = own.receiving.iter().map(|stream| between(name(stream), of(own), stream));
    sent.chain(received).collect()
}

fn between(from: String, to: String, stream: &pb::Stream) -> Stream {
    Stream {
        from,
        to,
        open: stream.open,
        trouble: Some(stream.trouble.clone()).filter(|trouble| !trouble.is_empty()),
        batches_in_flight: stream.batches_in_flight,
        bytes_in_flight: stream.bytes_in_flight,
        max_batches: Some(stream.max_batches).filter(|max| *max > 0),
        max_bytes: Some(stream.max_bytes).filter(|max| *max > 0),
    }
}

/// Of the other end: as it said, or where it is.
fn name(stream: &pb::Stream) -> String {
    match &stream.peer {
        Some(peer) if !peer.name.is_empty() => peer.name.clone(),
        _ if stream.address.is_empty() => "a client that did not say".to_owned(),
        _ => stream.address.clone(),
    }
}

fn down(trouble: &str) -> String {
    match trouble {
        "" => "not reached".to_owned(),
        trouble => format!("not reached: {trouble}"),
    }
}

/// Shown to the second: nobody asks when a process started more exactly than that.
fn time(time: prost_types::Timestamp) -> Option<String> {
    Timestamp::from_second(time.seconds).ok().map(|time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(name: &str) -> pb::GetProfileResponse {
        let process =
            pb::Process { name: name.to_owned(), version: "1.2.3".to_owned(), start_time: None };
        pb::GetProfileResponse { process: Some(process), serving: true, ..Default::default() }
    }

    fn stream(peer: Option<&str>, address: &str, open: bool) -> pb::Stream {
        let peer = peer.map(|name| pb::Process {
            name: name.to_owned(),
            version: "1.2.3".to_owned(),
            start_time: None,
        });
        pb::Stream { peer, address: address.to_owned(), open, max_batches: 8, ..Default::default() }
    }

    fn said(parts: &[Part]) -> Vec<(&'static str, &str, &str)> {
        parts.iter().map(|part| (part.part, &*part.name, &*part.state)).collect()
    }

    #[test]
    fn a_replica_that_both_ends_know_is_one_and_one_that_is_away_is_told_by_its_address() {
        let mut own = profile("analytics a");
        own.receiving = vec![stream(Some("fleet 1"), "", true), stream(None, "", true)];
        let mut producer = profile("producer p");
        let mut away = stream(None, "10.0.0.9:8082", false);
        away.trouble = "Unavailable: refused".to_owned();
        producer.sending = vec![stream(Some("fleet 1"), "10.0.0.8:8082", true), away];

        let parts = parts(&own, Some(&Ok(producer.clone())));
        assert_eq!(
            said(&parts),
            [
                ("analytics", "analytics a", "serving"),
                ("producer", "producer p", "serving"),
                ("fleet", "10.0.0.9:8082", "not reached: Unavailable: refused"),
                ("fleet", "a client that did not say", "serving"),
                ("fleet", "fleet 1", "serving"),
            ]
        );
        let ends: Vec<(String, String)> =
            streams(&own, Some(&producer)).into_iter().map(|it| (it.from, it.to)).collect();
        let ends: Vec<(&str, &str)> = ends.iter().map(|(from, to)| (&**from, &**to)).collect();
        assert_eq!(
            ends,
            [
                ("producer p", "fleet 1"),
                ("producer p", "10.0.0.9:8082"),
                ("fleet 1", "analytics a"),
                ("a client that did not say", "analytics a"),
            ]
        );
    }

    #[test]
    fn a_replica_has_not_answered_what_is_in_flight_to_it() {
        let mut own = profile("analytics a");
        own.receiving = vec![stream(Some("fleet 1"), "", true), stream(Some("fleet 2"), "", true)];
        own.receiving[0].batches_in_flight = 1;
        own.receiving[1].batches_in_flight = 2;
        let mut producer = profile("producer p");
        producer.unanswered_batches = 9;
        producer.sending = vec![stream(Some("fleet 1"), "10.0.0.8:8082", true)];
        producer.sending[0].batches_in_flight = 5;
        producer.sending.push(stream(None, "10.0.0.9:8082", false));

        let parts = parts(&own, Some(&Ok(producer)));
        let told: Vec<_> = parts.iter().map(|part| (&*part.name, part.unanswered)).collect();
        assert_eq!(
            told,
            [
                ("analytics a", Some(0)),
                ("producer p", Some(9)),
                ("10.0.0.9:8082", None),
                ("fleet 1", Some(5)),
                ("fleet 2", Some(2)),
            ]
        );
    }

    #[test]
    fn a_producer_that_does_not_answer_says_so_and_without_one_nothing_is_said_of_it() {
        let own = profile("analytics a");
        let silent = parts(&own, Some(&Err(tonic::Status::unavailable("refused"))));
        assert_eq!(said(&silent)[1], ("producer", "producer", "not reached: refused"));
        assert_eq!(said(&parts(&own, None)), [("analytics", "analytics a", "serving")]);
    }
}
