//! The gRPC services that every server has.

use axum::{
    Router,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use tonic::{Status, service::Routes};
use tonic_reflection::server::{Builder, Error};

use crate::health::Health;

/// The descriptors of what a server has beside its own services, for reflection.
pub(crate) const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/everywhere.bin"));

/// What every port has.
const EVERYWHERE: [&str; 3] = [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
];

/// Health, and reflection (v1 and v1alpha) of it and of `descriptors`: encoded file descriptor sets.
/// Listed are the services that `health` knows, and others that are named. The caller adds them.
pub fn grpc_routes(health: &Health, descriptors: &[&[u8]], others: &[&str]) -> Routes {
    let routes = Routes::new(health.server());
    let services: Vec<String> =
        health.services().into_iter().chain(others.iter().map(ToString::to_string)).collect();
    match with_reflection(routes.clone(), &services, descriptors) {
        Ok(routes) => routes,
        Err(error) => {
            // Descriptors are compiled in, so a test finds this. A server without reflection serves.
            tracing::error!(%error, "reflection is off, the descriptors cannot be read");
            routes
        }
    }
}

/// gRPC and pages on one port. What neither has is UNIMPLEMENTED to a gRPC client and 404 to a browser;
/// `pages` may not have a fallback of its own.
pub fn with_pages(routes: Routes, pages: Router) -> Router {
    routes.into_axum_router().reset_fallback().merge(pages).fallback(nowhere)
}

async fn nowhere(headers: HeaderMap) -> Response {
    let content = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    if content.starts_with(b"application/grpc") {
        Status::unimplemented("this port has no such service or method").into_http()
    } else {
        (StatusCode::NOT_FOUND, "not found\n").into_response()
    }
}

fn with_reflection(
    routes: Routes,
    services: &[String],
    descriptors: &[&[u8]],
) -> Result<Routes, Error> {
    let builder = || {
        let builder = Builder::configure().register_encoded_file_descriptor_set(DESCRIPTORS);
        let builder = descriptors
            .iter()
            .fold(builder, |builder, set| builder.register_encoded_file_descriptor_set(set));
        // Descriptors know the services of all parts; only those of this port are told.
        services
            .iter()
            .map(String::as_str)
            .chain(EVERYWHERE)
            .fold(builder, Builder::with_service_name)
    };
    Ok(routes.add_service(builder().build_v1()?).add_service(builder().build_v1alpha()?))
}
