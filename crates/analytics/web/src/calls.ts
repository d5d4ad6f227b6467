// The services, both at the page's own origin, and what to say of an error.

import { answered } from "./answered.js";
import { BadRequestSchema } from "../gen/google/rpc/error_details_pb.js";
import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { AnalyticsService } from "../gen/waybill/analytics/v1/analytics_pb.js";
import { ProducerService } from "../gen/waybill/producer/v1/producer_pb.js";
import { traceparent } from "./trace.js";

/** Time that a call which is not a stream may take, in milliseconds. */
export const PATIENCE = 20_000;

const noticing: Interceptor = (next) => async (request) => {
  const response = await next(request);
  if (!response.stream) answered.dispatchEvent(new Event("answered"));
  return response;
};

/** What somebody does has a trace. What the page asks by itself, again and again, would only bury it. */
const tracing: Interceptor = (next) => (request) => {
  const { startRun, stopRun } = ProducerService.method;
  if (request.method === startRun || request.method === stopRun) request.header.set("traceparent", traceparent());
  return next(request);
};

/**
 * What has no gRPC status was answered by something between the page and the service, as while a new version
 * rolls out: it says nothing of what was asked, whatever its code.
 */
export async function answeredByService(...request: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...request);
  const type = response.headers.get("content-type") ?? "";
  if (response.ok && type.startsWith("application/grpc")) return response;
  throw new ConnectError(`something on the way answered HTTP ${response.status}`, Code.Unavailable);
}

const transport = createGrpcWebTransport({ baseUrl: location.origin, interceptors: [noticing, tracing], fetch: answeredByService });
export const analytics = createClient(AnalyticsService, transport);
export const producer = createClient(ProducerService, transport);

/** How the page calls what the service calls by the names of its contract. */
const NAMES: Record<string, string> = {
  "filter.run": "Run",
  "filter.driver": "Driver",
  "filter.text": "Shipment",
  "filter.day": "Day",
  "filter.plan": "Plan",
  batch_id: "The batch’s id in the address",
  run_id: "The run’s id in the address",
  page_token: "The page in the address",
};

/** What went wrong, in a sentence that says what can be done. */
export function sentence(error: unknown): string {
  const failure = ConnectError.from(error);
  switch (failure.code) {
    case Code.Unavailable:
    case Code.Unknown:
    case Code.Internal:
      return failure.rawMessage.includes("fetch") || failure.rawMessage.includes("NetworkError")
        ? "The service cannot be reached."
        : `The service cannot answer now: ${failure.rawMessage}.`;
    case Code.DeadlineExceeded:
      return "The service took too long to answer.";
    default: {
      const refused = violations(error).map(({ field, description }) => `${NAMES[field] ?? field} ${description}`);
      const text = refused.length > 0 ? refused.join("; ") : failure.rawMessage;
      return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
    }
  }
}

/** Whether asking again gets the same answer: it is about what was asked, or about who. */
export function lasting(error: unknown): boolean {
  const { code } = ConnectError.from(error);
  return code === Code.InvalidArgument || code === Code.NotFound || code === Code.Unimplemented || code === Code.PermissionDenied;
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
