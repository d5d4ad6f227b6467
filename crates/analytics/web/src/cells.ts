// A plan as the texts of a row.

import type { Duration } from "@bufbuild/protobuf/wkt";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Plan } from "../gen/waybill/analytics/v1/analytics_pb.js";

const whole = new Intl.NumberFormat("en");
const points = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const percent = new Intl.NumberFormat("en", {
  style: "percent",
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

export function count(value: number | bigint): string {
  return whole.format(value);
}

export function score(value: number): string {
  return points.format(value);
}

/** By how much the optimum exceeds first come, first served. */
export function uplift(total: number, greedy: number): string {
  if (total === greedy) return "0.0%";
  if (greedy === 0) return "–";
  return `+${percent.format(total / greedy - 1)}`;
}

export function span(duration: Duration | undefined): string {
  if (duration === undefined) return "–";
  const micros = Number(duration.seconds) * 1e6 + duration.nanos / 1e3;
  if (micros < 1) return "< 1 µs";
  if (micros < 1e3) return `${micros.toFixed(0)} µs`;
  if (micros < 1e6) return `${(micros / 1e3).toFixed(micros < 1e4 ? 1 : 0)} ms`;
  return `${(micros / 1e6).toFixed(micros < 1e7 ? 1 : 0)} s`;
}

export function clock(milliseconds: number): string {
  return new Date(milliseconds).toLocaleTimeString("en-GB");
}

export type Cell = { text: string; kind: string; title?: string };

export function cells(plan: Plan): Cell[] {
  const time = plan.recordTime === undefined ? undefined : timestampDate(plan.recordTime);
  const gain = plan.total > plan.greedyTotal ? "number gain" : "number quiet";
  return [
    { text: count(plan.sequence), kind: "number" },
    {
      text: time === undefined ? "–" : clock(time.getTime()),
      kind: "",
      ...(time === undefined ? {} : { title: time.toISOString() }),
    },
    plan.runId === ""
      ? { text: "by hand", kind: "quiet" }
      : // The first digits of a UUIDv7 are the time: its last tell runs apart.
        { text: `…${plan.runId.slice(-12)}`, kind: "run", title: plan.runId },
    { text: count(plan.shipments), kind: "number" },
    { text: count(plan.drivers), kind: "number" },
    { text: count(plan.assigned), kind: "number" },
    { text: score(plan.total), kind: "number" },
    { text: score(plan.greedyTotal), kind: "number quiet" },
    { text: uplift(plan.total, plan.greedyTotal), kind: gain },
    { text: span(plan.timings?.solve), kind: "number quiet" },
  ];
}
