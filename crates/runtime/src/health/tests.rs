use tonic::{Code, Streaming, transport::Channel};

use super::{
    Health, LIVENESS, Status,
    pb::{
        HealthCheckRequest, HealthCheckResponse, HealthListRequest,
        health_check_response::ServingStatus::{self, NotServing, ServiceUnknown, Serving},
        health_client::HealthClient,
    },
};
use crate::{
    connect,
    server::{Limits, grpc_routes},
    testing::{LIMIT, Running},
};

const SERVICE: &str = "waybill.test.v1.TestService";

/// Health over a real connection.
struct Asked {
    health: Health,
    client: HealthClient<Channel>,
    _server: Running,
}

impl Asked {
    async fn start() -> Asked {
        let health = Health::new(&[SERVICE]);
        let routes = grpc_routes(&health, &[], &[]).into_axum_router();
        let server = Running::start(routes, Limits::default(), LIMIT).await;
        let client = HealthClient::new(connect::channel(&server.uri()));
        Asked { health, client, _server: server }
    }

    async fn check(&mut self, service: &str) -> Result<ServingStatus, Code> {
        let answer = self.client.check(request(service)).await;
        answer.map(|answer| answer.into_inner().status()).map_err(|status| status.code())
    }

    async fn watch(&mut self, service: &str) -> Watched {
        Watched(self.client.watch(request(service)).await.unwrap().into_inner())
    }
}

struct Watched(Streaming<HealthCheckResponse>);

impl Watched {
    async fn next(&mut self) -> Option<ServingStatus> {
        self.0.message().await.unwrap().map(|answer| answer.status())
    }
}

fn request(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

#[tokio::test]
async fn nothing_serves_until_it_says_so_and_for_as_long_as_it_does() {
    let mut asked = Asked::start().await;
    for service in ["", SERVICE] {
        assert_eq!(asked.check(service).await, Ok(NotServing));
    }
    let ready = asked.health.serving();
    for service in ["", SERVICE] {
        assert_eq!(asked.check(service).await, Ok(Serving));
    }
    assert!(asked.health.is_ready());
    drop(ready);
    assert_eq!(asked.check("").await, Ok(NotServing));
    assert!(!asked.health.is_ready());
}

#[tokio::test]
async fn check_does_not_know_an_unknown_service() {
    let mut asked = Asked::start().await;
    assert_eq!(asked.check("waybill.test.v1.Other").await, Err(Code::NotFound));
}

#[tokio::test]
async fn watch_waits_for_an_unknown_service() {
    let mut asked = Asked::start().await;
    let mut watched = asked.watch("waybill.test.v1.Later").await;
    assert_eq!(watched.next().await, Some(ServiceUnknown));
    asked.health.set("waybill.test.v1.Later", Status::Serving);
    assert_eq!(watched.next().await, Some(Serving));
}

#[tokio::test]
async fn watch_says_the_state_and_each_change_of_its_own_service_only() {
    let mut asked = Asked::start().await;
    let mut watched = asked.watch(SERVICE).await;
    assert_eq!(watched.next().await, Some(NotServing));
    asked.health.set("", Status::Serving);
    asked.health.set(SERVICE, Status::Serving);
    assert_eq!(watched.next().await, Some(Serving));
    asked.health.set(SERVICE, Status::Serving);
    asked.health.set(SERVICE, Status::NotServing);
    assert_eq!(watched.next().await, Some(NotServing));
}

#[tokio::test]
async fn list_has_all_services_and_the_whole() {
    let mut asked = Asked::start().await;
    asked.health.set(SERVICE, Status::Serving);
    let list = asked.client.list(HealthListRequest {}).await.unwrap().into_inner().statuses;
    let mut list: Vec<_> = list.iter().map(|(name, it)| (name.as_str(), it.status())).collect();
    list.sort_unstable_by_key(|(name, _)| *name);
    assert_eq!(list, [("", NotServing), (LIVENESS, Serving), (SERVICE, Serving)]);
}

#[tokio::test]
async fn a_process_lives_whatever_it_waits_for() {
    let mut asked = Asked::start().await;
    assert_eq!(asked.check(LIVENESS).await, Ok(Serving));
    drop(asked.health.serving());
    assert_eq!(asked.check(LIVENESS).await, Ok(Serving));
    asked.health.close();
    assert_eq!(asked.check(LIVENESS).await, Ok(Serving), "it drains, which no restart would help");
}

#[tokio::test]
async fn a_watch_hears_the_end_and_does_not_outlive_it() {
    let mut asked = Asked::start().await;
    let _ready = asked.health.serving();
    let mut watched = asked.watch("").await;
    assert_eq!(watched.next().await, Some(Serving));
    asked.health.close();
    assert_eq!(watched.next().await, Some(NotServing));
    assert_eq!(watched.next().await, None);

    asked.health.set_all(Status::Serving);
    asked.health.set(SERVICE, Status::Serving);
    assert_eq!(asked.check(SERVICE).await, Ok(NotServing), "it is closed for good");
    assert!(!asked.health.is_ready());
}
