//! Check, Watch and List, as the protocol says.

use std::pin::Pin;

use futures_util::{Stream, stream};
use tonic::{Request, Response, Status as Rejection};

use super::{
    pb::{
        HealthCheckRequest, HealthCheckResponse, HealthListRequest, HealthListResponse,
        health_check_response::ServingStatus, health_server,
    },
    state::{Board, Health, Status},
};

/// Answers `grpc.health.v1.Health`.
#[derive(Debug)]
pub struct HealthService {
    health: Health,
}

impl HealthService {
    pub(super) fn new(health: Health) -> Self {
        Self { health }
    }
}

#[tonic::async_trait]
impl health_server::Health for HealthService {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Rejection> {
        let service = request.into_inner().service;
        let known = self.health.board.borrow().services.get(&service).copied();
        let status = known.ok_or_else(|| {
            Rejection::not_found(format!("no service {service:?}: List has those there are"))
        })?;
        Ok(Response::new(said(Some(status))))
    }

    async fn list(
        &self,
        _: Request<HealthListRequest>,
    ) -> Result<Response<HealthListResponse>, Rejection> {
        let board = self.health.board.borrow();
        let statuses =
            board.services.iter().map(|(name, status)| (name.clone(), said(Some(*status))));
        Ok(Response::new(HealthListResponse { statuses: statuses.collect() }))
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Rejection>> + Send>>;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Rejection> {
        let service = request.into_inner().service;
        let boards = self.health.board.subscribe();
        let told: Option<HealthCheckResponse> = None;
        let states = stream::unfold((boards, told), move |(mut boards, told)| {
            let service = service.clone();
            async move {
                loop {
                    let (now, closed) = read(&boards.borrow_and_update(), &service);
                    if told != Some(now) {
                        return Some((Ok(now), (boards, Some(now))));
                    }
                    if closed || boards.changed().await.is_err() {
                        return None;
                    }
                }
            }
        });
        Ok(Response::new(Box::pin(states)))
    }
}

fn read(board: &Board, service: &str) -> (HealthCheckResponse, bool) {
    (said(board.services.get(service).copied()), board.closed)
}

fn said(status: Option<Status>) -> HealthCheckResponse {
    let status = match status {
        Some(Status::Serving) => ServingStatus::Serving,
        Some(Status::NotServing) => ServingStatus::NotServing,
        None => ServingStatus::ServiceUnknown,
    };
    HealthCheckResponse { status: status.into() }
}
