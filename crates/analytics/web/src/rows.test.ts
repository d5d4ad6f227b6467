import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { AssignmentSchema, Reason, Side, UnassignedSchema } from "../gen/waybill/logistics/v1/logistics_pb.js";
import { arrange, arrangeUnassigned, PAGE, page, readSort, reasons, resort, writeSort } from "./rows.js";

const pair = (line: number, address: string, name: string, score: number) =>
  create(AssignmentSchema, { shipment: { line, address, id: `s-${line}` }, driver: { line, name }, score });

const rows = [
  pair(1, "215 Osinski Manors", "Kaiser Soze", 7.5),
  pair(2, "9 Marvin Stravenue", "Cleve Durgan", 9),
  pair(3, "10 Kathlyn Ferry", "Orval Mayert", 7.5),
];
const lines = (text: string, sort: string) =>
  arrange(rows, text, readSort(sort)).map(({ shipment }) => shipment?.line);

describe("the rows of a plan", () => {
  it("are searched by both names and ids, whatever the case", () => {
    expect(lines("KATHLYN", "")).toEqual([3]);
    expect(lines("durgan", "")).toEqual([2]);
    expect(lines("S-1", "")).toEqual([1]);
    expect(lines("<b>", "")).toEqual([]);
    expect(lines("  ", "")).toEqual([1, 2, 3]);
  });

  it("are sorted, equal ones in the order of their lines", () => {
    expect(lines("", "score desc")).toEqual([2, 1, 3]);
    expect(lines("", "score")).toEqual([1, 3, 2]);
    expect(lines("", "shipment")).toEqual([2, 3, 1]);
    expect(lines("", "driver")).toEqual([2, 1, 3]);
    expect(lines("", "line desc")).toEqual([3, 2, 1]);
  });

  it("keep their order in the address", () => {
    for (const sort of ["score desc", "driver", "shipment desc"]) {
      expect(writeSort(readSort(sort))).toBe(sort);
    }
    expect(writeSort(readSort("nonsense desc"))).toBeUndefined();
    expect(resort(readSort(""), "score")).toEqual({ by: "score", descending: true });
    expect(resort(readSort("score desc"), "score")).toEqual({ by: "score", descending: false });
  });

  it("come in pages, and a page that is not there is the last", () => {
    const many = Array.from({ length: 2 * PAGE + 1 }, (_, i) => i);
    expect(page(many, 3)).toEqual({ rows: [2 * PAGE], page: 3, pages: 3 });
    expect(page(many, 99).page).toBe(3);
    expect(page(many, Number.NaN).page).toBe(1);
    expect(page([], 1)).toEqual({ rows: [], page: 1, pages: 1 });
  });

  it("that stayed behind are searched too", () => {
    const unassigned = [create(UnassignedSchema, { text: "Ann" }), create(UnassignedSchema, { text: "Bob", id: "ann-2" })];
    expect(arrangeUnassigned(unassigned, "ANN")).toHaveLength(2);
    expect(arrangeUnassigned(unassigned, "bob")).toHaveLength(1);
  });

  it("that stayed behind are summed by their reason", () => {
    const left = (side: Side, reason: Reason) => create(UnassignedSchema, { side, reason });
    expect(
      reasons([
        left(Side.SHIPMENT, Reason.NONE_LEFT),
        left(Side.SHIPMENT, Reason.NONE_LEFT),
        left(Side.DRIVER, Reason.SCORES_NOTHING),
        left(Side.SHIPMENT, Reason.SCORES_NOTHING),
      ]),
    ).toEqual([
      "2 shipments: every driver is worth as much or more elsewhere.",
      "1 driver: it scores 0 with every shipment.",
      "1 shipment: it scores 0 with every driver.",
    ]);
    expect(reasons([left(Side.DRIVER, Reason.NONE_LEFT), left(Side.DRIVER, Reason.NONE_PERMITTED)])).toEqual([
      "1 driver: every shipment is worth as much or more elsewhere.",
      "1 driver: there is no shipment to take.",
    ]);
    expect(reasons([])).toEqual([]);
  });
});
