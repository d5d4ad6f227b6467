// Runs as texts.

import type { Run } from "../../gen/waybill/producer/v1/producer_pb.js";
import { RunState } from "../../gen/waybill/producer/v1/producer_pb.js";
import { count, counted } from "../cells.js";
import { long, millis } from "../duration.js";

const STATES: Record<RunState, string> = {
  [RunState.UNSPECIFIED]: "unknown",
  [RunState.RUNNING]: "running",
  [RunState.DRAINING]: "draining",
  [RunState.FINISHED]: "finished",
  [RunState.STOPPED]: "stopped",
  [RunState.FAILED]: "failed",
};

export function stateText(state: RunState): string {
  return STATES[state] ?? "unknown";
}

export function stateKind(state: RunState): string {
  if (state === RunState.RUNNING) return "good";
  if (state === RunState.FAILED) return "bad";
  return state === RunState.DRAINING ? "warn" : "quiet";
}

export function active(state: RunState): boolean {
  return state === RunState.RUNNING || state === RunState.DRAINING;
}

/** What a run plans: "3,850 made-up shipments for 3,500 drivers, every 2 s, 20 batches". */
export function ordered({ request, shipments, batchesSettled }: Run): string {
  if (request === undefined) return "–";
  const { source } = request;
  const texts: string[] = [];
  if (source.case === "synthetic") {
    texts.push(`${count(source.value.shipments)} made-up shipments for ${count(source.value.drivers)} drivers`);
  } else if (source.case === "roster") {
    texts.push(`${count(source.value.shipments)} made-up shipments for the roster ${source.value.name}`);
  } else if (source.case === "records") {
    // The records themselves are left out of what the service tells, but each batch has all of them.
    const given = batchesSettled === 0n ? "shipments" : counted(shipments / batchesSettled, "shipment");
    const { roster } = source.value;
    texts.push(`${given} given with the call${roster === "" ? "" : ` for the roster ${roster}`}`);
  } else if (source.case === "folder") {
    texts.push(`the folder ${source.value.path}`);
  }
  const interval = request.interval === undefined ? 0 : millis(request.interval);
  if (source.case !== "folder") texts.push(interval === 0 ? "as fast as they settle" : `every ${long(interval)}`);
  if (request.batchLimit > 0n) texts.push(request.batchLimit === 1n ? "once" : `${count(request.batchLimit)} batches`);
  if (request.runFor !== undefined) texts.push(`for ${long(millis(request.runFor))}`);
  return texts.join(", ");
}

/** Batches that are sent and not answered yet. */
export function inFlight(run: Run): bigint {
  return run.batchesSent - run.batchesSettled - run.batchesRejected;
}

/** What fell due and is not sent, and since when. */
export function backlog({ batchesBehind, behind }: Run): { batches: string; since?: string } {
  if (batchesBehind === 0n) return { batches: "none" };
  return { batches: count(batchesBehind), since: `behind by ${behind === undefined ? "a moment" : long(millis(behind))}` };
}
