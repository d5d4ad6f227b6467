//! Messages as JSON, by the proto3 JSON mapping, the way grpcurl prints them.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value;

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(crate::DESCRIPTORS).expect("protox wrote it"));

/// The JSON form of a message of this crate.
///
/// Integers of 64 bits are strings and fields with their default value are left out, as the mapping
/// says.
pub fn to_json<M: prost::Message + prost::Name>(message: &M) -> Value {
    let descriptor =
        POOL.get_message_by_name(&M::full_name()).expect("every message is in the pool");
    let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice())
        .expect("a message decodes as itself");
    dynamic
        .serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new())
        .expect("a message has a JSON form")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::producer::v1::{Run, RunState};

    #[test]
    fn a_run_reads_as_grpcurl_prints_it() {
        let run = Run {
            run_id: "r".into(),
            state: RunState::Running.into(),
            batches_sent: 3,
            ..Run::default()
        };
        assert_eq!(
            to_json(&run),
            serde_json::json!({"runId": "r", "state": "RUN_STATE_RUNNING", "batchesSent": "3"})
        );
    }
}
