import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { RunSchema, RunState, StartRunRequestSchema } from "../../gen/waybill/producer/v1/producer_pb.js";
import { backlog, inFlight, ordered } from "./run-texts.js";

describe("a run", () => {
  it("says what it plans", () => {
    const made = create(StartRunRequestSchema, {
      source: { case: "synthetic", value: { shipments: 3_850, drivers: 3_500 } },
      interval: { seconds: 2n },
      batchLimit: 20n,
    });
    expect(ordered(create(RunSchema, { request: made }))).toBe("3,850 made-up shipments for 3,500 drivers, every 2 s, 20 batches");
    const given = (roster: string) => create(StartRunRequestSchema, { source: { case: "records", value: { roster } }, batchLimit: 1n });
    expect(ordered(create(RunSchema, { request: given("") }))).toBe("shipments given with the call, as fast as they settle, once");
    expect(ordered(create(RunSchema, { request: given("night"), shipments: 7_700n, batchesSettled: 2n }))).toBe(
      "3,850 shipments given with the call for the roster night, as fast as they settle, once",
    );
  });

  it("says what is on its way and whether it keeps up", () => {
    const run = create(RunSchema, {
      state: RunState.RUNNING,
      batchesSent: 10n,
      batchesSettled: 6n,
      batchesRejected: 1n,
      batchesBehind: 4n,
      behind: { seconds: 12n },
    });
    expect([inFlight(run), backlog(run)]).toEqual([3n, { batches: "4", since: "behind by 12 s" }]);
    for (const state of [RunState.RUNNING, RunState.FINISHED]) expect(backlog(create(RunSchema, { state }))).toEqual({ batches: "none" });
  });
});
