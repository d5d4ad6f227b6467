//! One service: is it serving, and does it say what it has?

use http::Uri;
use runtime::health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use crate::{client::Peer, error::Error};

/// A service of ours at an address.
pub(super) struct Part {
    pub(super) name: &'static str,
    /// Its full name on the wire.
    pub(super) service: &'static str,
    pub(super) at: Uri,
}

impl Part {
    /// Fails with what is wrong.
    pub(super) async fn check(&self) -> Result<(), Error> {
        let peer = Peer::new(&self.at);
        let health = peer
            .call(|channel| async move {
                let service = self.service.to_owned();
                HealthClient::new(channel).check(HealthCheckRequest { service }).await
            })
            .await?;
        if health.status() != ServingStatus::Serving {
            return Err(self.wrong(format!("{} is not serving", self.service)));
        }
        let mut answers = peer
            .call(|channel| async move {
                let list = ServerReflectionRequest {
                    host: String::new(),
                    message_request: Some(MessageRequest::ListServices(String::new())),
                };
                let asked = tokio_stream::once(list);
                ServerReflectionClient::new(channel).server_reflection_info(asked).await
            })
            .await?;
        let answer = answers
            .message()
            .await
            .map_err(|status| Error::Call { uri: self.at.clone(), status: Box::new(status) })?;
        match answer.and_then(|answer| answer.message_response) {
            Some(MessageResponse::ListServicesResponse(list))
                if list.service.iter().any(|service| service.name == self.service) =>
            {
                Ok(())
            }
            _ => Err(self.wrong(format!("reflection does not list {}", self.service))),
        }
    }

    fn wrong(&self, text: String) -> Error {
        Error::Answer { uri: self.at.clone(), text }
    }
}
