//! Metrics to a collector: at each interval, and once more at the end, what a scrape would say.
//!
//! A reading has everything since the process began. So one that is not taken is not kept, and not sent again:
//! the next one says it too. At most one of each part is on its way.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime},
};

use opentelemetry_proto::tonic::{
    collector::metrics::v1::{
        ExportMetricsServiceRequest, metrics_service_client::MetricsServiceClient,
    },
    common::v1::InstrumentationScope,
    metrics::v1::{ResourceMetrics, ScopeMetrics},
    resource::v1::Resource,
};
use prometheus_client::registry::Registry;
use tokio::{
    runtime::Handle,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{
    Request,
    codec::CompressionEncoding,
    transport::{Channel, Endpoint},
};

use super::{export, outcomes::Outcomes, variables::MetricsExport};
use crate::{VERSION, metrics::to_otlp};

/// A connection that is not there within this time is tried again with the next export.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A collector that does not answer a ping in this time, while an export waits, is connected to anew; it is
/// pinged after the same time. Without an export none is sent: servers take it amiss.
const KEEPALIVE: Duration = Duration::from_secs(3);

/// Sends the metrics of the parts of a process. Clones are one.
#[derive(Debug, Clone)]
pub(super) struct Push {
    export: Arc<MetricsExport>,
    channel: Channel,
    runtime: Handle,
    /// Since when is counted.
    begun: SystemTime,
    counts: &'static Outcomes,
    tasks: TaskTracker,
    end: CancellationToken,
}

/// That of this process, if metrics are sent at all.
static PUSH: OnceLock<Push> = OnceLock::new();

/// Sends what is in the registry of `part` from now on, if metrics are sent at all.
pub(crate) fn push(part: &'static str, registry: &Arc<Registry>) {
    if let Some(push) = PUSH.get() {
        push.begin(part, Arc::clone(registry));
    }
}

impl Push {
    /// Connects with the first export.
    pub(super) fn new(export: MetricsExport, runtime: Handle, counts: &'static Outcomes) -> Self {
        let endpoint = Endpoint::from(export.endpoint.clone())
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(KEEPALIVE)
            .keep_alive_timeout(KEEPALIVE);
        // A version of digits and dots is always a header value; without one tonic names itself.
        let named = endpoint.clone().user_agent(format!("waybill/{VERSION}"));
        let channel = {
            // The connection's task lives there.
            let _on_runtime = runtime.enter();
            named.unwrap_or(endpoint).connect_lazy()
        };
        Self {
            export: Arc::new(export),
            channel,
            runtime,
            begun: SystemTime::now(),
            counts,
            tasks: TaskTracker::new(),
            end: CancellationToken::new(),
        }
    }

    /// This one is that of the process from now on. A second word changes nothing.
    pub(super) fn for_process(self) -> Self {
        PUSH.get_or_init(|| self).clone()
    }

    pub(super) fn begin(&self, part: &'static str, registry: Arc<Registry>) {
        let mut client = MetricsServiceClient::new(self.channel.clone());
        if self.export.gzip {
            client = client.send_compressed(CompressionEncoding::Gzip);
        }
        let resource = Resource::from(&export::resource(part));
        let pushed = Pushed { part, registry, resource, client, failing: false };
        self.tasks.spawn_on(self.clone().run(pushed), &self.runtime);
    }

    /// Sends all once more; whether that was done within this time.
    pub(super) async fn end(&self, within: Duration) -> bool {
        self.end.cancel();
        self.tasks.close();
        timeout(within, self.tasks.wait()).await.is_ok()
    }

    async fn run(self, mut pushed: Pushed) {
        let every = self.export.every;
        let mut due = Instant::now() + every;
        loop {
            tokio::select! {
                () = sleep_until(due) => {}
                () = self.end.cancelled() => break,
            }
            tokio::select! {
                () = self.send(&mut pushed) => {}
                // The last one says it all.
                () = self.end.cancelled() => break,
            }
            let missed = due.elapsed().as_nanos() / every.as_nanos();
            let missed = u32::try_from(missed).unwrap_or(u32::MAX);
            self.counts.leave_out(missed as usize);
            due += every.saturating_mul(missed.saturating_add(1));
        }
        self.send(&mut pushed).await;
    }

    async fn send(&self, pushed: &mut Pushed) {
        let sent = timeout(self.export.within, pushed.export(&self.export, self.begun)).await;
        let sent = sent.unwrap_or_else(|_| Err("the collector does not answer".to_owned()));
        self.counts.handed(1, sent.is_ok());
        pushed.report(sent);
    }
}

/// A part whose metrics are sent.
struct Pushed {
    part: &'static str,
    registry: Arc<Registry>,
    resource: Resource,
    client: MetricsServiceClient<Channel>,
    failing: bool,
}

impl Pushed {
    async fn export(&mut self, export: &MetricsExport, begun: SystemTime) -> Result<(), String> {
        let metrics = to_otlp(&self.registry, begun, SystemTime::now());
        let metrics = metrics.map_err(|error| error.to_string())?;
        let scope = InstrumentationScope {
            name: "waybill".to_owned(),
            version: VERSION.to_owned(),
            ..InstrumentationScope::default()
        };
        let scope_metrics =
            vec![ScopeMetrics { scope: Some(scope), metrics, ..ScopeMetrics::default() }];
        let resource = Some(self.resource.clone());
        let of_part = ResourceMetrics { resource, scope_metrics, ..ResourceMetrics::default() };
        let mut request =
            Request::new(ExportMetricsServiceRequest { resource_metrics: vec![of_part] });
        *request.metadata_mut() = export.headers.clone();
        let answer = self.client.export(request).await.map_err(|status| status.to_string())?;
        match answer.into_inner().partial_success {
            Some(partial) if partial.rejected_data_points > 0 => Err(format!(
                "{} points were rejected: {}",
                partial.rejected_data_points, partial.error_message
            )),
            _ => Ok(()),
        }
    }

    /// One line when exports begin to fail and one when they work again.
    fn report(&mut self, sent: Result<(), String>) {
        if std::mem::replace(&mut self.failing, sent.is_err()) == sent.is_err() {
            return;
        }
        match sent {
            Ok(()) => tracing::info!(part = self.part, "metrics are exported again"),
            Err(error) => tracing::warn!(part = self.part, error, "metrics are not exported"),
        }
    }
}

#[cfg(test)]
mod tests;
