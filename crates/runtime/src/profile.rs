//! What a process says of itself and its streams: `waybill.profile.v1`, on the port of its service.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::timeout};
use tonic::{Request, Response, Status, transport::Channel};

use crate::{
    acked::{Credit, LinkStatus, Load, LostStream, PeerStatus, Served, ServedStream, Traffic},
    health::Health,
    process::Process,
};
use pb::{
    GetProfileRequest, GetProfileResponse, profile_service_client::ProfileServiceClient,
    profile_service_server::ProfileServiceServer,
};

/// `waybill.profile.v1`, generated.
#[allow(clippy::all, missing_docs, unreachable_pub, rustdoc::all)]
pub mod pb {
    tonic::include_proto!("waybill.profile.v1");
}

/// The service's full name.
pub const SERVICE: &str = "waybill.profile.v1.ProfileService";

/// What is known of this process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Profile {
    part: &'static str,
    process: Process,
    health: Health,
    sending: Option<(watch::Receiver<LinkStatus>, Arc<Traffic>)>,
    receiving: Option<Arc<Served>>,
}

impl Profile {
    /// A process without streams.
    pub fn new(part: &'static str, process: Process, health: Health) -> Self {
        Self { part, process, health, sending: None, receiving: None }
    }

    /// With the streams on which it sends.
    #[must_use]
    pub fn sending(self, status: watch::Receiver<LinkStatus>, traffic: Arc<Traffic>) -> Self {
        Self { sending: Some((status, traffic)), ..self }
    }

    /// With the streams on which it receives.
    #[must_use]
    pub fn receiving(self, served: Arc<Served>) -> Self {
        Self { receiving: Some(served), ..self }
    }

    /// As it is now.
    pub fn look(&self) -> GetProfileResponse {
        let peers = |(status, _): &(watch::Receiver<LinkStatus>, _)| status.borrow().peers.clone();
        let sending = self.sending.as_ref().map(peers).unwrap_or_default();
        let receiving = self.receiving.as_ref().map(|served| served.look()).unwrap_or_default();
        let lost = self.receiving.as_ref().map(|served| served.lost()).unwrap_or_default();
        // A server has not answered what is in flight on its streams; a client knows what else waits.
        let in_flight = |sum: Load, stream: &ServedStream| Load {
            items: sum.items + stream.in_flight.items,
            bytes: sum.bytes + stream.in_flight.bytes,
        };
        let unanswered = match &self.sending {
            Some((_, traffic)) => traffic.unacked.read(),
            None => receiving.iter().fold(Load::default(), in_flight),
        };
        GetProfileResponse {
            part: self.part.to_owned(),
            process: Some((&self.process).into()),
            serving: self.health.is_ready(),
            sending: sending.iter().map(Into::into).collect(),
            receiving: receiving
                .iter()
                .map(Into::into)
                .chain(lost.iter().map(Into::into))
                .collect(),
            unanswered_batches: unanswered.items as u64,
            unanswered_bytes: unanswered.bytes,
        }
    }

    /// The service that tells it.
    pub fn server(self) -> ProfileServiceServer<Self> {
        ProfileServiceServer::new(self)
    }
}

#[tonic::async_trait]
impl pb::profile_service_server::ProfileService for Profile {
    async fn get_profile(
        &self,
        _: Request<GetProfileRequest>,
    ) -> Result<Response<GetProfileResponse>, Status> {
        Ok(Response::new(self.look()))
    }
}

/// What the process behind `channel` says of itself within this time.
///
/// # Errors
/// It does not answer in time, or it has no profile.
pub async fn ask(channel: Channel, within: Duration) -> Result<GetProfileResponse, Status> {
    let mut client = ProfileServiceClient::new(channel);
    let asked = timeout(within, client.get_profile(GetProfileRequest {})).await;
    let late = |_| Status::deadline_exceeded(format!("no answer within {within:?}"));
    Ok(asked.map_err(late)??.into_inner())
}

impl From<&Process> for pb::Process {
    fn from(process: &Process) -> Self {
        let Process { name, version, .. } = process.clone();
        Self { name, version, start_time: process.start_time() }
    }
}

impl From<&PeerStatus> for pb::Stream {
    fn from(peer: &PeerStatus) -> Self {
        Self {
            peer: peer.process.as_ref().map(Into::into),
            address: peer.address.to_string(),
            open: peer.open,
            trouble: peer.trouble.clone().unwrap_or_default(),
            end_time: peer.ended.filter(|_| !peer.open).map(Into::into),
            ..stream(peer.traffic.in_flight.read(), peer.credit)
        }
    }
}

impl From<&ServedStream> for pb::Stream {
    fn from(served: &ServedStream) -> Self {
        Self {
            peer: served.process.as_ref().map(Into::into),
            open: true,
            ..stream(served.in_flight, Some(served.credit))
        }
    }
}

impl From<&LostStream> for pb::Stream {
    fn from(lost: &LostStream) -> Self {
        Self {
            peer: Some((&lost.process).into()),
            end_time: Some(lost.ended.into()),
            ..stream(Load::default(), Some(lost.credit))
        }
    }
}

fn stream(in_flight: Load, credit: Option<Credit>) -> pb::Stream {
    pb::Stream {
        batches_in_flight: in_flight.items as u64,
        bytes_in_flight: in_flight.bytes,
        max_batches: credit.map_or(0, |credit| credit.items as u64),
        max_bytes: credit.map_or(0, |credit| credit.bytes),
        ..pb::Stream::default()
    }
}
