//! Builds again when the page was built. A page that is not there is fine: `cargo build` needs no Node.js.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=web/dist");
}
