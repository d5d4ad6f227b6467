import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { PlanSchema, SummarySchema, type Plan, type Summary } from "../gen/waybill/analytics/v1/analytics_pb.js";
import { Totals } from "./totals.js";

const plan = (sequence: number): Plan => create(PlanSchema, { sequence: BigInt(sequence), shipments: 3, drivers: 2, assigned: 2, total: 10, greedyTotal: 9 });
const said = (plans: number): Summary =>
  create(SummarySchema, { plans: BigInt(plans), shipments: BigInt(3 * plans), drivers: BigInt(2 * plans), assigned: BigInt(2 * plans), total: 10 * plans, greedyTotal: 9 * plans, lastSequence: BigInt(plans) });

function counted(totals: Totals, cursor: number | undefined): number | undefined {
  const at = totals.at(cursor === undefined ? undefined : BigInt(cursor));
  if (at === undefined) return undefined;
  const plans = Number(at.sums.plans);
  expect(at.sums).toMatchObject({ shipments: BigInt(3 * plans), drivers: BigInt(2 * plans), assigned: BigInt(2 * plans), total: 10 * plans, greedyTotal: 9 * plans });
  return plans;
}

describe("the totals above the list", () => {
  it("are of the moment of the list: what was said, and the plans since", () => {
    const totals = new Totals();
    for (let i = 1; i <= 4; i++) totals.plan(plan(i));
    expect(counted(totals, 4)).toBeUndefined();
    totals.answer(said(2));
    expect(counted(totals, 4)).toBe(4);
    totals.plan(plan(5));
    expect(counted(totals, 5)).toBe(5);
  });

  it("do not run ahead of the list, and wait for no list that stands still", () => {
    const totals = new Totals();
    totals.answer(said(2));
    expect(counted(totals, 2)).toBe(2);
    totals.answer(said(9));
    expect(counted(totals, 2)).toBe(2);
    totals.plan(plan(3));
    expect(counted(totals, 3)).toBe(3);
    expect(counted(totals, undefined)).toBe(9);
  });

  it("count nothing of a store that the list has left", () => {
    const totals = new Totals();
    for (let i = 1; i <= 4; i++) totals.plan(plan(i));
    totals.answer(said(4));
    expect(counted(totals, 4)).toBe(4);
    expect(totals.at(0n)?.gap).toBe(true);
    totals.answer(said(0));
    expect(counted(totals, 0)).toBe(0);
    expect(totals.at(0n)?.gap).toBe(false);
    totals.plan(plan(1));
    expect(counted(totals, 1)).toBe(1);
  });

  it("add nothing across a gap", () => {
    const totals = new Totals();
    totals.answer(said(2));
    totals.plan(plan(3));
    totals.plan(plan(8));
    expect(counted(totals, 8)).toBe(2);
    expect(totals.at(8n)?.gap).toBe(true);
    totals.answer(said(7));
    expect(counted(totals, 8)).toBe(8);
    expect(totals.at(8n)?.gap).toBe(false);
  });
});
