import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { PlanSchema } from "../gen/waybill/analytics/v1/analytics_pb.js";
import { cells, span, uplift } from "./cells.js";

describe("a row", () => {
  it("has a text for each column", () => {
    const plan = create(PlanSchema, {
      sequence: 12345n,
      shipments: 3850,
      drivers: 3500,
      assigned: 3500,
      total: 39421,
      greedyTotal: 38000.25,
    });
    expect(cells(plan).map(({ text }) => text)).toEqual([
      "12,345", "–", "by hand", "3,850", "3,500", "3,500", "39,421", "38,000.25", "+3.7%", "–",
    ]);
  });

  it("tells an uplift only where there is one", () => {
    expect(uplift(98.75, 97)).toBe("+1.8%");
    expect(uplift(0, 0)).toBe("0.0%");
    expect(uplift(4, 0)).toBe("–");
  });

  it("tells a time in the unit that fits", () => {
    const of = (seconds: number, nanos: number) =>
      span({ $typeName: "google.protobuf.Duration", seconds: BigInt(seconds), nanos });
    expect([of(0, 100), of(0, 48_000), of(0, 1_240_000), of(0, 250_000_000), of(2, 0)]).toEqual([
      "< 1 µs", "48 µs", "1.2 ms", "250 ms", "2.0 s",
    ]);
  });
});
