//! Compiles `proto/waybill` with protox, so that no protoc is needed.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message;

const FILES: [&str; 7] = [
    // Imported by none, but part of what reflection must explain.
    "google/rpc/error_details.proto",
    "waybill/logistics/v1/logistics.proto",
    "waybill/logistics/v1/stream.proto",
    "waybill/producer/v1/producer.proto",
    "waybill/fleet/v1/fleet.proto",
    "waybill/analytics/v1/ingest.proto",
    "waybill/analytics/v1/analytics.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo::rerun-if-changed={}", root.display());

    let descriptors = protox::compile(FILES, [&root])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("waybill.bin"), descriptors.encode_to_vec())?;

    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    tonic_prost_build::configure()
        .extern_path(".google.rpc", "::tonic_types::pb")
        // The hot messages have a layout of their own.
        .extern_path(".waybill.fleet.v1.DispatchRequest", "crate::columns::DispatchRequest")
        .extern_path(
            ".waybill.analytics.v1.RecordPlansRequest",
            "crate::columns::RecordPlansRequest",
        )
        .compile_fds_with_config(descriptors, config)?;
    Ok(())
}
