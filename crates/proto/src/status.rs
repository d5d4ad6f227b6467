//! Errors inside messages: `google.rpc.Status` to and from `tonic::Status`.

use prost::Message;
use tonic::{Code, Status};

/// The error of a single batch, to stand inside a message. Details come along.
pub fn to_rpc_status(status: &Status) -> tonic_types::pb::Status {
    // tonic-types keeps the whole google.rpc.Status in the details.
    let details = tonic_types::pb::Status::decode(status.details())
        .map(|whole| whole.details)
        .unwrap_or_default();
    tonic_types::pb::Status {
        code: status.code().into(),
        message: status.message().to_owned(),
        details,
    }
}

/// The error that a message carries, as a call would have returned it.
pub fn from_rpc_status(status: &tonic_types::pb::Status) -> Status {
    Status::with_details(
        Code::from_i32(status.code),
        status.message.clone(),
        status.encode_to_vec().into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Violations;
    use tonic_types::StatusExt;

    #[test]
    fn details_survive_the_way_there_and_back() {
        let mut violations = Violations::new();
        violations.add("shipments[3].address", "is empty");
        let status = violations.into_status().expect("there is one");
        let back = from_rpc_status(&to_rpc_status(&status));
        assert_eq!(back.code(), Code::InvalidArgument);
        let bad = back.get_details_bad_request().expect("the detail is there");
        assert_eq!(bad.field_violations[0].field, "shipments[3].address");
    }
}
