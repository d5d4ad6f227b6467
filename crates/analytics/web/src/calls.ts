// The services, both at the page's own origin, and what to say of an error.

import { BadRequestSchema } from "../gen/google/rpc/error_details_pb.js";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { AnalyticsService } from "../gen/waybill/analytics/v1/analytics_pb.js";
import { ProducerService } from "../gen/waybill/producer/v1/producer_pb.js";

/** Time that a call which is not a stream may take, in milliseconds. */
export const PATIENCE = 20_000;

const transport = createGrpcWebTransport({ baseUrl: location.origin });
export const analytics = createClient(AnalyticsService, transport);
export const producer = createClient(ProducerService, transport);

/** What went wrong, in a sentence that says what can be done. */
export function sentence(error: unknown): string {
  const failure = ConnectError.from(error);
  switch (failure.code) {
    case Code.Unavailable:
    case Code.Unknown:
    case Code.Internal:
      return failure.rawMessage.includes("fetch")
        ? "The service cannot be reached. It is tried again by itself."
        : `The service cannot answer now: ${failure.rawMessage}.`;
    case Code.DeadlineExceeded:
      return "The service took too long to answer.";
    default:
      return `${failure.rawMessage.charAt(0).toUpperCase()}${failure.rawMessage.slice(1)}.`;
  }
}

/** The fields that the service refused, with what it says of each. */
export function violations(error: unknown): { field: string; description: string }[] {
  return ConnectError.from(error)
    .findDetails(BadRequestSchema)
    .flatMap((details) => details.fieldViolations);
}

/** Whether runs cannot be asked for here at all. */
export function unimplemented(error: unknown): boolean {
  return ConnectError.from(error).code === Code.Unimplemented;
}

export function notFound(error: unknown): boolean {
  return ConnectError.from(error).code === Code.NotFound;
}
