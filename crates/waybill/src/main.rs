//! waybill

fn main() {}
