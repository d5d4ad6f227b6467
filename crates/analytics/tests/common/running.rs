//! The service without sockets, and clients of its routes.

use std::sync::Arc;
use std::time::Duration;

use analytics::store::{Sqlite, Store};
use analytics::{Analytics, Options};
use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use proto::analytics::v1::analytics_service_client::AnalyticsServiceClient;
use proto::analytics::v1::ingest_service_client::IngestServiceClient;
use proto::analytics::v1::{
    RecordPlansRequest, RecordPlansResponse, record_plans_request, record_plans_response,
};
use proto::logistics::v1::PlanPart;
use runtime::health::Health;
use runtime::lifecycle::Shutdown;
use runtime::workers::Workers;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tonic::{Status, Streaming, transport::Channel};
use tower::ServiceExt;

use super::planned::Planned;

/// A service on a store in a folder of its own.
pub struct Running {
    pub router: Router,
    pub store: Arc<dyn Store>,
    pub health: Health,
    pub shutdown: Shutdown,
    pub analytics: Arc<Analytics>,
    writer: JoinHandle<()>,
    _folder: TempDir,
}

impl Running {
    pub fn start() -> Running {
        let folder = TempDir::new().unwrap();
        let store = Running::store(&folder);
        Running::on(store, folder)
    }

    pub fn store(folder: &TempDir) -> Arc<dyn Store> {
        let path = folder.path().join("analytics.db");
        Arc::new(Sqlite::open(&path, Workers::in_place(), Workers::in_place()).unwrap())
    }

    pub fn on(store: Arc<dyn Store>, folder: TempDir) -> Running {
        Running::beside(None, store, folder)
    }

    /// With this way to the producer.
    pub fn beside(producer: Option<Channel>, store: Arc<dyn Store>, folder: TempDir) -> Running {
        let shutdown = Shutdown::new(Duration::from_secs(10));
        let options = Options { clock: super::noon, producer, ..Options::default() };
        let (analytics, writer) =
            Analytics::start(Arc::clone(&store), Workers::in_place(), options, shutdown.clone());
        let health = Analytics::health();
        Running {
            router: analytics.routes(&health),
            store,
            health,
            shutdown,
            analytics,
            writer: tokio::spawn(writer),
            _folder: folder,
        }
    }

    pub fn client(&self) -> AnalyticsServiceClient<Router> {
        AnalyticsServiceClient::new(self.router.clone())
    }

    /// A stream of plans, as it begins: after the welcome.
    pub async fn ingest(&self) -> Ingest {
        let (requests, inbound) = tokio::sync::mpsc::channel(1024);
        let inbound = tokio_stream::wrappers::ReceiverStream::new(inbound);
        let mut client = IngestServiceClient::new(self.router.clone());
        let mut answers = client.record_plans(inbound).await.unwrap().into_inner();
        let welcome = answers.message().await.unwrap().unwrap().event.unwrap();
        assert!(matches!(welcome, record_plans_response::Event::Welcome(_)), "{welcome:?}");
        Ingest { requests: Some(requests), answers }
    }

    /// Records these plans, one after the other.
    pub async fn record(&self, plans: impl IntoIterator<Item = Planned>) {
        let mut ingest = self.ingest().await;
        for planned in plans {
            let answer = ingest.record(planned.parts()).await;
            assert!(matches!(answer, record_plans_response::Event::Recorded(_)), "{answer:?}");
        }
    }

    /// A page: its status, headers and text.
    pub async fn get(&self, path: &str) -> (StatusCode, http::HeaderMap, String) {
        self.ask(Request::get(path)).await
    }

    /// A page, as this request asks for it.
    pub async fn ask(
        &self,
        request: http::request::Builder,
    ) -> (StatusCode, http::HeaderMap, String) {
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (head.status, head.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    /// Lets everything go, and waits for the writer.
    pub async fn stop(self) {
        let Running { router, store, analytics, writer, _folder, .. } = self;
        drop((router, analytics));
        writer.await.unwrap();
        store.close().await.unwrap();
    }
}

/// One RecordPlans stream.
pub struct Ingest {
    requests: Option<tokio::sync::mpsc::Sender<RecordPlansRequest>>,
    answers: Streaming<RecordPlansResponse>,
}

impl Ingest {
    pub async fn send(&self, part: PlanPart) {
        let event = Some(record_plans_request::Event::Plan(part.into()));
        self.requests.as_ref().unwrap().send(RecordPlansRequest { event }).await.unwrap();
    }

    pub async fn record(&mut self, parts: Vec<PlanPart>) -> record_plans_response::Event {
        for part in parts {
            self.send(part).await;
        }
        self.answer().await.unwrap()
    }

    /// The next answer, or how the stream ends.
    pub async fn answer(&mut self) -> Result<record_plans_response::Event, Option<Status>> {
        match self.answers.message().await {
            Ok(Some(message)) => Ok(message.event.unwrap()),
            Ok(None) => Err(None),
            Err(status) => Err(Some(status)),
        }
    }

    pub fn half_close(&mut self) {
        self.requests = None;
    }
}
