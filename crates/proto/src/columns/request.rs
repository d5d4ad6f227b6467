//! `waybill.fleet.v1.DispatchRequest` and `waybill.analytics.v1.RecordPlansRequest`.

use bytes::{Buf, BufMut, Bytes};
use prost::{
    DecodeError, Message, Name,
    encoding::{self, DecodeContext, WireType, message},
};

use super::{BatchColumns, PlanColumns};

/// A message that is a hello or a piece of work, which both streams have under the same tags.
macro_rules! request {
    ($(#[$doc:meta])* $request:ident, $package:literal, $events:ident, $work:ident($columns:ident)) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $request {
            /// Exactly one.
            pub event: Option<$events::Event>,
        }

        #[doc = concat!("What [`", stringify!($request), "`] holds.")]
        pub mod $events {
            /// Exactly one.
            // A hello comes once a stream: a box around everything else would cost more.
            #[allow(clippy::large_enum_variant)]
            #[derive(Clone, Debug, PartialEq)]
            pub enum Event {
                /// Who speaks; optional, first.
                Hello(crate::logistics::v1::Hello),
                /// Work, as it was read.
                $work(super::$columns),
                /// Work to be sent: its message as it travels.
                Encoded(bytes::Bytes),
            }
        }

        impl Name for $request {
            const NAME: &'static str = stringify!($request);
            const PACKAGE: &'static str = $package;
        }

        impl Message for $request {
            fn encode_raw(&self, buf: &mut impl BufMut) {
                match &self.event {
                    Some($events::Event::Hello(hello)) => message::encode(1, hello, buf),
                    Some($events::Event::$work(work)) => {
                        encoding::bytes::encode(2, work.body(), buf);
                    }
                    Some($events::Event::Encoded(body)) => encoding::bytes::encode(2, body, buf),
                    None => {}
                }
            }

            fn merge_field(
                &mut self,
                tag: u32,
                wire_type: WireType,
                buf: &mut impl Buf,
                ctx: DecodeContext,
            ) -> Result<(), DecodeError> {
                let before = self.event.take();
                self.event = match (tag, before) {
                    (1, before) => {
                        let mut hello = match before {
                            Some($events::Event::Hello(hello)) => hello,
                            _ => Default::default(),
                        };
                        message::merge(wire_type, &mut hello, buf, ctx)?;
                        Some($events::Event::Hello(hello))
                    }
                    (2, before) => {
                        // Out of the connection's buffer without a copy.
                        let mut body = Bytes::new();
                        encoding::bytes::merge(wire_type, &mut body, buf, ctx)?;
                        if let Some($events::Event::$work(before)) = before {
                            // A message in two pieces is one: so Protobuf has it.
                            body = [&before.body()[..], &body[..]].concat().into();
                        }
                        Some($events::Event::$work($columns::read(body)?))
                    }
                    (_, before) => {
                        encoding::skip_field(wire_type, tag, buf, ctx)?;
                        before
                    }
                };
                Ok(())
            }

            fn encoded_len(&self) -> usize {
                match &self.event {
                    Some($events::Event::Hello(hello)) => message::encoded_len(1, hello),
                    Some($events::Event::$work(work)) => {
                        encoding::bytes::encoded_len(2, work.body())
                    }
                    Some($events::Event::Encoded(body)) => encoding::bytes::encoded_len(2, body),
                    None => 0,
                }
            }

            fn clear(&mut self) {
                self.event = None;
            }
        }
    };
}

request! {
    /// What the client of Dispatch says.
    DispatchRequest, "waybill.fleet.v1", dispatch_request, Batch(BatchColumns)
}
request! {
    /// What the client of RecordPlans says.
    RecordPlansRequest, "waybill.analytics.v1", record_plans_request, Plan(PlanColumns)
}
