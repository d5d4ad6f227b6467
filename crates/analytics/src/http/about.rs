//! `/profile.json`: about this deployment, as far as it is known from here.
//!
//! Analytics knows itself and, by the streams that are open to it, the replicas of the fleet service. The
//! producer is asked for its profile, and tells of the replicas that it sends to.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
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
    /// What the producer said of itself the last time, and when that was.
    said: Arc<Mutex<Option<(Timestamp, pb::GetProfileResponse)>>>,
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
#[derive(Debug, Default, PartialEq, Serialize)]
struct Part {
    part: &'static str,
    name: String,
    state: String,
    version: Option<String>,
    started: Option<String>,
    /// Batches that wait for its answer, and of a producer also those that it could not send yet; only
    /// where it is known.
    unanswered: Option<u64>,
    /// When it was last there; only where it is away and that is known.
    since: Option<String>,
}

/// A stream between two of them, seen from one of its ends.
#[derive(Debug, PartialEq, Serialize)]
struct Stream {
    from: String,
    to: String,
    /// Not told where the end that knows does not answer.
    open: Option<bool>,
    trouble: Option<String>,
    batches_in_flight: u64,
    bytes_in_flight: u64,
    max_batches: Option<u64>,
    max_bytes: Option<u64>,
    /// When it was last open, or last told of; only where it is not open and that is known.
    since: Option<String>,
}

impl About {
    pub(super) fn new(analytics: Arc<Analytics>, profile: Profile) -> About {
        About { analytics, profile, said: Arc::default() }
    }

    pub(super) async fn json(&self) -> Json<Deployment> {
        let own = self.profile.look();
        let producer = match &self.analytics.producer {
            Some(producer) => Some(self.kept(profile::ask(producer.clone(), ANSWER).await)),
            None => None,
        };
        let this = own.process.clone().unwrap_or_default();
        let streams = streams(&own, producer.as_ref());
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

    /// What the producer says, or said when it last answered.
    fn kept(&self, answer: Result<pb::GetProfileResponse, tonic::Status>) -> Told {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Ok(profile) => {
                *said = Some((self.analytics.now(), profile.clone()));
                Told::Now(profile)
            }
            Err(status) => Told::Away(status, said.clone()),
        }
    }
}

/// What the producer says of itself; where it does not answer why, and what it said when it last did.
enum Told {
    Now(pb::GetProfileResponse),
    Away(tonic::Status, Option<(Timestamp, pb::GetProfileResponse)>),
}

impl Told {
    /// What it said of itself, and when if that is not now.
    fn profile(&self) -> Option<(&pb::GetProfileResponse, Option<Timestamp>)> {
        match self {
            Told::Now(profile) => Some((profile, None)),
            Told::Away(_, said) => said.as_ref().map(|(at, profile)| (profile, Some(*at))),
        }
    }

    /// The streams on which it sends, as [`Told::profile`].
    fn sending(&self) -> impl Iterator<Item = (&pb::Stream, Option<Timestamp>)> {
        let told = self.profile().into_iter();
        told.flat_map(|(profile, at)| profile.sending.iter().map(move |stream| (stream, at)))
    }

    fn name(&self) -> String {
        let process = self.profile().and_then(|(profile, _)| profile.process.clone());
        process.unwrap_or_default().name
    }
}

fn parts(own: &pb::GetProfileResponse, producer: Option<&Told>) -> Vec<Part> {
    let mut parts = vec![of("analytics", own)];
    match producer {
        Some(Told::Now(told)) => parts.push(of("producer", told)),
        Some(Told::Away(status, said)) => {
            let unknown = Part { name: "producer".to_owned(), ..Part::default() };
            parts.push(Part {
                part: "producer",
                state: format!("not reached: {}", status.message()),
                unanswered: None,
                since: said.as_ref().map(|(at, _)| to_the_second(*at)),
                ..said.as_ref().map_or(unknown, |(_, profile)| of("producer", profile))
            });
        }
        None => {}
    }
    // A replica is known from both of its ends. Producers wait for its answer until the plan is recorded, so
    // what is in flight to it holds what is in flight from it.
    let mut fleet = BTreeMap::new();
    for (stream, told) in producer.into_iter().flat_map(Told::sending) {
        let part = match told {
            None => replica(stream),
            Some(at) => Part {
                state: "not known: the producer does not answer".to_owned(),
                unanswered: None,
                since: Some(to_the_second(at)),
                ..replica(stream)
            },
        };
        fleet.insert(name(stream), part);
    }
    let now = matches!(producer, Some(Told::Now(_)));
    for stream in &own.receiving {
        match fleet.entry(name(stream)) {
            // What is known now from the one end is better than what was once told of the other.
            Entry::Occupied(mut told) if !now => drop(told.insert(replica(stream))),
            Entry::Occupied(_) => {}
            Entry::Vacant(place) => drop(place.insert(replica(stream))),
        }
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
        since: None,
    }
}

fn replica(stream: &pb::Stream) -> Part {
    let peer = stream.peer.clone().unwrap_or_default();
    Part {
        part: "fleet",
        name: name(stream),
        state: if stream.open { "serving".to_owned() } else { down(&stream.trouble) },
        version: Some(peer.version).filter(|version| !version.is_empty()),
        started: peer.start_time.and_then(time),
        unanswered: stream.open.then_some(stream.batches_in_flight),
        since: stream.end_time.and_then(time),
    }
}

fn streams(own: &pb::GetProfileResponse, producer: Option<&Told>) -> Vec<Stream> {
    let this = own.process.clone().unwrap_or_default().name;
    let sent = producer.into_iter().flat_map(|producer| {
        producer.sending().map(|(stream, told)| {
            let now = between(producer.name(), name(stream), stream);
            match told {
                None => now,
                Some(at) => Stream {
                    open: None,
                    trouble: Some("the producer does not answer".to_owned()),
                    since: Some(to_the_second(at)),
                    ..now
                },
            }
        })
    });
    let received = own.receiving.iter().map(|stream| between(name(stream), this.clone(), stream));
    sent.chain(received).collect()
}

fn between(from: String, to: String, stream: &pb::Stream) -> Stream {
    Stream {
        from,
        to,
        open: Some(stream.open),
        trouble: Some(stream.trouble.clone()).filter(|trouble| !trouble.is_empty()),
        batches_in_flight: stream.batches_in_flight,
        bytes_in_flight: stream.bytes_in_flight,
        max_batches: Some(stream.max_batches).filter(|max| *max > 0),
        max_bytes: Some(stream.max_bytes).filter(|max| *max > 0),
        since: stream.end_time.and_then(time),
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

fn time(time: prost_types::Timestamp) -> Option<String> {
    Timestamp::from_second(time.seconds).ok().map(|time| time.to_string())
}

/// Nobody asks when something began or ended more exactly than that.
fn to_the_second(time: Timestamp) -> String {
    format!("{time:.0}")
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

        let producer = Told::Now(producer);
        let parts = parts(&own, Some(&producer));
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

        let parts = parts(&own, Some(&Told::Now(producer)));
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
        let silent = Told::Away(tonic::Status::unavailable("refused"), None);
        let silent = parts(&own, Some(&silent));
        assert_eq!(said(&silent)[1], ("producer", "producer", "not reached: refused"));
        assert_eq!(said(&parts(&own, None)), [("analytics", "analytics a", "serving")]);
    }

    #[test]
    fn what_is_lost_or_does_not_answer_stays_with_since_when() {
        let at = |second: i64| prost_types::Timestamp { seconds: second, nanos: 0 };
        let lost = |second: i64| pb::Stream {
            end_time: Some(at(second)),
            ..stream(Some("fleet 1"), "10.0.0.8:8082", false)
        };
        let since = |parts: &[Part]| {
            parts.iter().map(|part| part.since.clone()).collect::<Option<Vec<_>>>()
        };
        let mut own = profile("analytics a");
        own.receiving = vec![lost(60)];
        let known = &parts(&own, None)[1..];
        assert_eq!(said(known), [("fleet", "fleet 1", "not reached")]);
        assert_eq!(since(known), Some(vec!["1970-01-01T00:01:00Z".to_owned()]));

        // Those that it told of are as it said, and as of then, but for what is known from here.
        let mut producer = profile("producer p");
        producer.sending =
            vec![stream(Some("fleet 1"), "", true), stream(Some("fleet 2"), "", true)];
        let last = Timestamp::new(61, 500_000_000).expect("a time");
        let away = Told::Away(tonic::Status::unavailable("refused"), Some((last, producer)));
        let known = &parts(&own, Some(&away))[1..];
        let silent = "not known: the producer does not answer";
        assert_eq!(
            said(known),
            [
                ("producer", "producer p", "not reached: refused"),
                ("fleet", "fleet 1", "not reached"),
                ("fleet", "fleet 2", silent),
            ]
        );
        assert_eq!(
            since(known).expect("of all").join(" "),
            "1970-01-01T00:01:01Z 1970-01-01T00:01:00Z 1970-01-01T00:01:01Z"
        );
        let told: Vec<_> = streams(&own, Some(&away))
            .into_iter()
            .map(|it| (it.to, it.open, it.since.is_some()))
            .collect();
        assert_eq!(
            told,
            [
                ("fleet 1".to_owned(), None, true),
                ("fleet 2".to_owned(), None, true),
                ("analytics a".to_owned(), Some(false), true),
            ]
        );
    }
}
