// Numbers, times and plans as texts.

import { Reason, Side } from "../gen/waybill/logistics/v1/logistics_pb.js";
import type { Duration } from "@bufbuild/protobuf/wkt";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Plan } from "../gen/waybill/analytics/v1/analytics_pb.js";
import { address, planAddress, runAddress } from "./route.js";

const whole = new Intl.NumberFormat("en");
const points = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 4 });
const percent = new Intl.NumberFormat("en", {
  style: "percent",
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

export function count(value: number | bigint): string {
  return whole.format(value);
}

/** So many of them: 1 assignment, 2 assignments. */
export function counted(value: number | bigint, what: string): string {
  return `${count(value)} ${what}${Number(value) === 1 ? "" : "s"}`;
}

/** So many that were found among all: 20 of 350. */
export function outOf(found: number, all: number): string {
  return found === all ? count(all) : `${count(found)} of ${count(all)}`;
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

/** A share of a whole, such as 98.7%. */
export function share(part: number, all: number): string {
  return all === 0 ? "–" : percent.format(part / all);
}

/** In a few characters: 1.2k, 34.5M. */
export function brief(value: number | bigint): string {
  return compact.format(value);
}

const UNITS = ["B", "KiB", "MiB", "GiB"];
const digits = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export function bytes(value: number): string {
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${digits.format(value)} ${UNITS[unit]}`;
}

export function micros(duration: Duration): number {
  return Number(duration.seconds) * 1e6 + duration.nanos / 1e3;
}

export function span(duration: Duration | undefined): string {
  return duration === undefined ? "–" : short(micros(duration));
}

/** A short time, given in microseconds, in the unit that fits. */
export function short(micros: number): string {
  if (micros < 1) return "< 1 µs";
  if (micros < 1e3) return `${micros.toFixed(0)} µs`;
  if (micros < 1e6) return `${(micros / 1e3).toFixed(micros < 1e4 ? 1 : 0)} ms`;
  return `${(micros / 1e6).toFixed(micros < 1e7 ? 1 : 0)} s`;
}

/** The time of day in UTC, as everything on the page is: 14:02:11. */
export function clock(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(11, 19);
}

/** A moment in UTC: the time alone where it is today, with its day otherwise. */
export function moment(time: Timestamp | undefined, now: Date): string {
  if (time === undefined) return "–";
  const date = timestampDate(time);
  const day = date.toISOString().slice(0, 10);
  return `${day === now.toISOString().slice(0, 10) ? "" : `${day} `}${clock(date.getTime())}`;
}

/** A moment in UTC with its day, wherever it is read. */
export function dated(time: Timestamp | undefined): string {
  return time === undefined ? "–" : timestampDate(time).toISOString().slice(0, 19).replace("T", " ");
}

const local = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });

/** The same where the reader is, and to the millisecond. */
export function titleOf(time: Timestamp | undefined): string | undefined {
  if (time === undefined) return undefined;
  const date = timestampDate(time);
  return `${date.toISOString()}; here ${local.format(date)}`;
}

export function iso(time: Timestamp | undefined): string | undefined {
  return time === undefined ? undefined : timestampDate(time).toISOString();
}

/** Why a record stayed behind, in the words of the files and of the command line. */
export function why(side: Side, reason: Reason): string {
  const other = side === Side.DRIVER ? "shipment" : "driver";
  switch (reason) {
    case Reason.NONE_LEFT:
      return `every ${other} is worth as much or more elsewhere`;
    case Reason.SCORES_NOTHING:
      return `it scores 0 with every ${other}`;
    case Reason.NONE_PERMITTED:
      return side === Side.DRIVER ? "there is no shipment to take" : "there is no driver to take it";
    default:
      return "the reason is not known";
  }
}

export type Cell = { text: string; kind: string; title?: string; href?: string };

/** What else is known of a name. */
export function titled(id: string | undefined): { title?: string } {
  return id === undefined || id === "" ? {} : { title: `id ${id}` };
}

/** A row of the table of plans. */
export function cells(plan: Plan, now = new Date(), sought?: string): Cell[] {
  const title = titleOf(plan.recordTime);
  const gain = plan.total > plan.greedyTotal ? "number gain" : "number quiet";
  return [
    { text: count(plan.sequence), kind: "number", href: address(planAddress(plan.batchId), { q: sought }) },
    {
      text: moment(plan.recordTime, now),
      kind: "",
      ...(title === undefined ? {} : { title }),
    },
    plan.runId === ""
      ? { text: "by hand", kind: "quiet extra" }
      : { text: tail(plan.runId), kind: "code extra", title: plan.runId, href: runAddress(plan.runId) },
    { text: count(plan.shipments), kind: "number extra" },
    { text: count(plan.drivers), kind: "number extra" },
    { text: count(plan.assigned), kind: "number" },
    { text: score(plan.total), kind: "number" },
    { text: score(plan.greedyTotal), kind: "number quiet extra" },
    { text: uplift(plan.total, plan.greedyTotal), kind: gain },
    { text: span(plan.timings?.solve), kind: "number quiet extra" },
  ];
}

/** The first digits of a UUIDv7 are the time: its last tell two apart. */
export function tail(id: string): string {
  return id.length <= 13 ? id : `…${id.slice(-12)}`;
}
