//! The gRPC services that every server has.

use tonic::service::Routes;
use tonic_reflection::server::{Builder, Error};

use crate::health::{self, Health};

/// Health, and reflection (v1 and v1alpha) of it and of `descriptors`: encoded file descriptor sets. A
/// service adds its own.
pub fn grpc_routes(health: &Health, descriptors: &[&[u8]]) -> Routes {
    let routes = Routes::new(health.server());
    match with_reflection(routes.clone(), descriptors) {
        Ok(routes) => routes,
        Err(error) => {
            // Descriptors are compiled in, so a test finds this. A server without reflection serves.
            tracing::error!(%error, "reflection is off, the descriptors cannot be read");
            routes
        }
    }
}

fn with_reflection(routes: Routes, descriptors: &[&[u8]]) -> Result<Routes, Error> {
    let builder = || {
        descriptors.iter().fold(
            Builder::configure().register_encoded_file_descriptor_set(health::DESCRIPTORS),
            |builder, set| builder.register_encoded_file_descriptor_set(set),
        )
    };
    Ok(routes.add_service(builder().build_v1()?).add_service(builder().build_v1alpha()?))
}
