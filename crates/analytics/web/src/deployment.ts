// What analytics says of this deployment, at /profile.json.

import { Code, ConnectError } from "@connectrpc/connect";
import { answered } from "./answered.js";

/** Time that it may take to say so, in milliseconds: it asks the producer. */
const PATIENCE = 5_000;

/** A process that runs a part. */
export type Part = {
  part: string;
  name: string;
  state: string;
  version: string | null;
  started: string | null;
  unanswered: number | null;
};

/** A stream between two of them. */
export type Stream = {
  from: string;
  to: string;
  open: boolean;
  trouble: string | null;
  batches_in_flight: number;
  bytes_in_flight: number;
  max_batches: number | null;
  max_bytes: number | null;
};

export type Deployment = {
  version: string;
  build: string;
  started: string | null;
  last_sequence: number;
  trace_viewer: string | null;
  parts: Part[];
  streams: Stream[];
};

export async function deployment(signal: AbortSignal): Promise<Deployment> {
  const late = AbortSignal.timeout(PATIENCE);
  try {
    const response = await fetch("/profile.json", { signal: AbortSignal.any([signal, late]) });
    if (!response.ok) throw new ConnectError(`${response.status}`, Code.Unavailable);
    const answer = (await response.json()) as Deployment;
    answered.dispatchEvent(new Event("answered"));
    return answer;
  } catch (error) {
    throw late.aborted ? new ConnectError("late", Code.DeadlineExceeded) : error;
  }
}

/** Where a trace is looked at; none where no viewer is known. */
export function traceAddress(viewer: string | null, trace: string): string | undefined {
  return viewer === null || trace === "" ? undefined : viewer.replaceAll("{trace_id}", trace);
}

/** How much of its credit a stream uses. */
export function used(inFlight: number, most: number | null, say: (value: number) => string): string {
  return most === null ? say(inFlight) : `${say(inFlight)} of ${say(most)}`;
}
