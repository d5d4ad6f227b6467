//! The two services: decode, call, encode.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::Stream;
use proto::analytics::v1::analytics_service_server::AnalyticsService;
use proto::analytics::v1::ingest_service_server::IngestService;
use proto::analytics::v1::{
    GetPlanRequest, GetPlanResponse, GetSummaryRequest, ListDriversRequest, ListDriversResponse,
    ListPlansRequest, ListPlansResponse, RecordPlansRequest, RecordPlansResponse, Summary,
    WatchPlansRequest, WatchPlansResponse,
};
use runtime::acked;
use tonic::{Request, Response, Status, Streaming};

use crate::{Analytics, queries};

/// What a streaming call answers with.
type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The handlers of both services.
#[derive(Clone)]
pub(crate) struct Handlers(pub(crate) Arc<Analytics>);

#[tonic::async_trait]
impl IngestService for Handlers {
    type RecordPlansStream = Answers<RecordPlansResponse>;

    async fn record_plans(
        &self,
        request: Request<Streaming<RecordPlansRequest>>,
    ) -> Result<Response<Self::RecordPlansStream>, Status> {
        let ingest = Arc::clone(&self.0.ingest);
        let limits = ingest.limits();
        let shutdown = self.0.shutdown.clone();
        let answers = acked::serve(ingest, request.into_inner(), limits, &self.0.served, shutdown);
        Ok(Response::new(Box::pin(answers)))
    }
}

#[tonic::async_trait]
impl AnalyticsService for Handlers {
    type WatchPlansStream = Answers<WatchPlansResponse>;
    type GetPlanStream = Answers<GetPlanResponse>;

    async fn watch_plans(
        &self,
        request: Request<WatchPlansRequest>,
    ) -> Result<Response<Self::WatchPlansStream>, Status> {
        Ok(Response::new(Box::pin(queries::watch_plans(&self.0, request.into_inner()))))
    }

    async fn list_plans(
        &self,
        request: Request<ListPlansRequest>,
    ) -> Result<Response<ListPlansResponse>, Status> {
        queries::list_plans(&self.0, request.into_inner()).await.map(Response::new)
    }

    async fn get_plan(
        &self,
        request: Request<GetPlanRequest>,
    ) -> Result<Response<Self::GetPlanStream>, Status> {
        let rows = queries::get_plan(&self.0, request.into_inner()).await?;
        Ok(Response::new(Box::pin(rows)))
    }

    async fn list_drivers(
        &self,
        request: Request<ListDriversRequest>,
    ) -> Result<Response<ListDriversResponse>, Status> {
        queries::list_drivers(&self.0, request.into_inner()).await.map(Response::new)
    }

    async fn get_summary(
        &self,
        request: Request<GetSummaryRequest>,
    ) -> Result<Response<Summary>, Status> {
        queries::summary(&self.0, request.into_inner()).await.map(Response::new)
    }
}
