//! Compiles what every server has with protox, so that no protoc is needed.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    let files = ["grpc/health/v1/health.proto", "waybill/profile/v1/profile.proto"];
    for file in files {
        println!("cargo::rerun-if-changed={}", root.join(file).display());
    }

    let descriptors = protox::compile(files, [&root])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("everywhere.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
