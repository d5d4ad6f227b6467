import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { PlanSchema } from "../gen/waybill/analytics/v1/analytics_pb.js";
import { Reason, Side } from "../gen/waybill/logistics/v1/logistics_pb.js";
import words from "../../../proto/src/reason.rs?raw";
import { cells, moment, share, span, tail, uplift, why } from "./cells.js";

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

  it("tells the day of a time that is not today, both in UTC wherever the reader is", () => {
    const at = (day: number, hour: number): Date => new Date(Date.UTC(2026, 4, day, hour));
    const noon = new Date(Date.UTC(2026, 4, 2, 12, 0, 5));
    const of = (date: Date) => ({
      $typeName: "google.protobuf.Timestamp" as const,
      seconds: BigInt(date.getTime() / 1_000),
      nanos: 0,
    });
    expect(moment(of(noon), at(2, 23))).toBe("12:00:05");
    expect(moment(of(noon), at(3, 0))).toBe("2026-05-02 12:00:05");
  });

  it("tells runs apart by the end of their ids", () => {
    expect(tail("01a20c80-884a-7000-8000-17b22759231b")).toBe("…17b22759231b");
    expect(tail("short")).toBe("short");
  });

  it("has no share of nothing", () => {
    expect([share(1, 3), share(3, 3), share(0, 0)]).toEqual(["33.3%", "100.0%", "–"]);
  });
});

describe("a record that stayed behind", () => {
  it("has its reason in the words of the files and of the command line", () => {
    const known = [Reason.NONE_LEFT, Reason.SCORES_NOTHING, Reason.NONE_PERMITTED, Reason.UNSPECIFIED];
    const said = new Set(known.flatMap((reason) => [why(Side.SHIPMENT, reason), why(Side.DRIVER, reason)]));
    expect(new Set([...words.matchAll(/=> "(.+)"/g)].map(([, sentence]) => sentence))).toEqual(said);
  });
});
