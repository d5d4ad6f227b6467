//! Asking another part how it is.

use std::time::Duration;

use tokio::time::timeout;
use tonic::transport::Channel;

use super::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

/// Whether the server behind `channel` says within this time that it is serving.
pub async fn check(channel: Channel, within: Duration) -> bool {
    let mut client = HealthClient::new(channel);
    let asked = timeout(within, client.check(HealthCheckRequest::default())).await;
    let status = asked.ok().and_then(Result::ok).map(|answer| answer.into_inner().status());
    status == Some(ServingStatus::Serving)
}
