import { describe, expect, it } from "vitest";
import { controlOf, inWords, lines, newRunId, order } from "./order.js";

describe("the form of a run", () => {
  it("becomes the request that starts it", () => {
    const values = { source: "synthetic", "synthetic.shipments": "3,850", "synthetic.drivers": "3500", interval: "1.5s", batch_limit: "20", street_name: "full", description: "the night shift" };
    expect(order(values, "id")).toEqual({
      violations: [],
      order: {
        source: { case: "synthetic", value: { shipments: 3_850, drivers: 3_500, seed: 0n } },
        interval: { seconds: 1n, nanos: 500_000_000 },
        batchLimit: 20n,
        streetName: 2,
        runId: "id",
        description: "the night shift",
      },
    });
  });

  it("leaves to the service what the service can judge", () => {
    // Nothing said is 0, which the service refuses in its own words.
    const { order: request, violations } = order({ source: "synthetic" }, "id");
    expect(violations).toEqual([]);
    expect(request.source).toMatchObject({ value: { shipments: 0, drivers: 0 } });
  });

  it("says what cannot be put into a request, by the name of the field", () => {
    const values = { source: "roster", "roster.name": "west", "roster.shipments": "many", "roster.seed": "99999999999999999999", run_for: "a while", batch_timeout: "-1s" };
    expect(order(values, "").violations).toEqual([
      { field: "roster.shipments", description: "is not a whole number" },
      { field: "roster.seed", description: "is more than 18446744073709551615" },
      { field: "run_for", description: "is not a time such as 500ms, 2s or 1h30m" },
      { field: "batch_timeout", description: "is not a time such as 500ms, 2s or 1h30m" },
    ]);
  });

  it("takes no zero for no limit: that is said by saying nothing", () => {
    const said = (values: Record<string, string>): string[] => order({ "synthetic.shipments": "1", "synthetic.drivers": "1", ...values }, "").violations.map(({ field, description }) => `${field} ${description}`);
    expect(said({ batch_limit: "0" })).toEqual(["batch_limit must be at least 1, or empty"]);
    expect(said({ batch_limit: "0 0" })).toEqual(["batch_limit must be at least 1, or empty"]);
    expect(said({ interval: "0s", run_for: "0ms" })).toEqual(["interval must be longer than nothing, or empty", "run_for must be longer than nothing, or empty"]);
    expect(said({ batch_limit: "-3" })).toEqual(["batch_limit is not a whole number"]);
    expect(said({})).toEqual([]);
  });

  it("takes lines as they are, and keeps their numbers", () => {
    expect(lines("215 Osinski Manors\r\n\n <b>x</b>\n")).toEqual([
      ["215 Osinski Manors", 1],
      [" <b>x</b>", 3],
    ]);
  });

  it("finds the control of a field that the service refused", () => {
    const controls = ["records.shipments", "records.drivers", "interval"];
    expect(controlOf("records.drivers[3].name", controls)).toBe("records.drivers");
    expect(controlOf("interval", controls)).toBe("interval");
    expect(controlOf("records", controls)).toBeUndefined();
  });

  it("says what the service refused in its own words: lines as they were typed, fields by their labels", () => {
    const values = { "records.drivers": "\n\nAnn\n\nBob" };
    const label = (name: string): string | undefined => (name === "records.drivers" ? "Drivers" : undefined);
    const said = (field: string, description: string): string => inWords({ field, description }, values, label);
    expect(said("records.drivers[1].name", "has 5000 bytes, more than 4096")).toBe("line 5 has 5000 bytes, more than 4096");
    expect(said("records.drivers", "is empty, and records.roster too")).toBe("is empty");
    expect(said("records.shipments", "not together with records.drivers")).toBe("not together with Drivers");
    expect(said("interval", "is 1.5s, more than 1s")).toBe("is 1.5s, more than 1s");
  });

  it("makes ids that are UUIDs", () => {
    expect(newRunId((bytes) => bytes.fill(255))).toBe("ffffffff-ffff-4fff-bfff-ffffffffffff");
  });
});
