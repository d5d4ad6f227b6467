// What analytics says of this deployment, at /profile.json.

import { Code, ConnectError } from "@connectrpc/connect";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { answered } from "./answered.js";
import { moment } from "./cells.js";

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
  /** When it was last there, where it is away and that is known. */
  since: string | null;
};

/** A stream between two of them. */
export type Stream = {
  from: string;
  to: string;
  /** Null where the end that knows does not answer. */
  open: boolean | null;
  trouble: string | null;
  batches_in_flight: number;
  bytes_in_flight: number;
  max_batches: number | null;
  max_bytes: number | null;
  /** When it was last open or told of, where it is not now. */
  since: string | null;
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

/** How something is that is not well, with since when as far as that is known: "lost since 14:02:11: refused". */
export function away(state: string, since: string | null, now: Date): string {
  if (since === null) return state;
  const [head = "", ...why] = state.split(": ");
  return [`${head} since ${moment(timestampFromDate(new Date(since)), now)}`, ...why].join(": ");
}

/** How a stream is. */
export function streamState({ open, trouble, since }: Pick<Stream, "open" | "trouble" | "since">, now: Date): string {
  if (open === true) return "open";
  const state = open === null ? "not known" : since === null ? "not open" : "lost";
  return away(trouble === null ? state : `${state}: ${trouble}`, since, now);
}

/** How much of its credit a stream uses. */
export function used(inFlight: number, most: number | null, say: (value: number) => string): string {
  return most === null ? say(inFlight) : `${say(inFlight)} of ${say(most)}`;
}
