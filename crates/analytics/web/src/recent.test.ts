import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { PlanSchema } from "../gen/waybill/analytics/v1/analytics_pb.js";
import { Rate, Recent, ROWS } from "./recent.js";

describe("the newest plans", () => {
  it("are bounded however many come", () => {
    const recent = new Recent();
    let most = 0;
    for (let i = 1; i <= 10_000; i++) {
      recent.add(create(PlanSchema, { sequence: BigInt(i) }));
      most = Math.max(most, recent.plans.length);
    }
    expect(most).toBeLessThanOrEqual(2 * ROWS);
    const newest = recent.newest();
    expect([newest.length, newest[0]?.sequence, newest.at(-1)?.sequence]).toEqual([ROWS, 9_801n, 10_000n]);
  });
});

describe("the rate", () => {
  it("is told when there is something to tell it by", () => {
    const rate = new Rate();
    expect(rate.perSecond(0)).toBeUndefined();
    for (let now = 0; now < 10_000; now += 20) rate.count(now, now);
    expect(rate.perSecond(10_000)).toBeCloseTo(50, 5);
  });

  it("falls when nothing comes, and does not remember for ever", () => {
    const rate = new Rate();
    for (let now = 0; now < 60_000; now += 100) rate.count(now, now);
    expect(rate.perSecond(60_000)).toBeCloseTo(10, 1);
    expect(rate.perSecond(75_000)).toBeLessThan(6);
    expect(rate.perSecond(120_000)).toBe(0);
  });

  it("counts what is caught up for when it was recorded", () => {
    const rate = new Rate();
    // A minute of one plan a second, on a service whose clock is an hour ahead, comes at once.
    for (let i = 0; i < 60; i++) rate.count(3_600_000 + i * 1_000, 5);
    expect(rate.perSecond(5)).toBeCloseTo(1, 5);
  });
});
