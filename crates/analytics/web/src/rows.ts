// The rows of one plan: searched, sorted and cut into pages, apart from the page that shows them.

import { Side, type Assignment, type Unassigned } from "../gen/waybill/logistics/v1/logistics_pb.js";
import { counted, why } from "./cells.js";

/** Rows that a page keeps of one plan at most: of a larger one the files have the rest. */
export const KEPT = 200_000;
/** Rows shown at once. */
export const PAGE = 100;

export type Key = "line" | "shipment" | "driver" | "score";
export type Sort = { by: Key; descending: boolean };

export function readSort(text: string | undefined): Sort {
  const [by = "", order] = (text ?? "").split(" ");
  return by === "shipment" || by === "driver" || by === "score" || by === "line"
    ? { by, descending: order === "desc" }
    : { by: "line", descending: false };
}

export function writeSort({ by, descending }: Sort): string | undefined {
  if (by === "line" && !descending) return undefined;
  return descending ? `${by} desc` : by;
}

/** The same column again turns the order round; scores begin with the highest. */
export function resort(sort: Sort, by: Key): Sort {
  return { by, descending: sort.by === by ? !sort.descending : by === "score" };
}

/** Those that have the text in either name or id, whatever the case of its letters, in order. */
export function arrange(rows: readonly Assignment[], text: string, { by, descending }: Sort): Assignment[] {
  const wanted = text.trim().toLowerCase();
  const found = rows.filter(({ shipment, driver }) =>
    has(wanted, shipment?.address, shipment?.id, driver?.name, driver?.id),
  );
  const sign = descending ? -1 : 1;
  // Equal ones stay in the order of their lines: sorting is stable.
  return found.sort((a, b) => sign * compare(a, b, by));
}

export function arrangeUnassigned(rows: readonly Unassigned[], text: string): Unassigned[] {
  const wanted = text.trim().toLowerCase();
  return rows.filter((row) => has(wanted, row.text, row.id));
}

/** How many stayed behind for the same reason: "350 shipments: every driver is worth as much or more elsewhere." */
export function reasons(rows: readonly Unassigned[]): string[] {
  const counts = new Map<number, { side: string; count: number; why: string }>();
  for (const { side, reason } of rows) {
    const key = 16 * reason + side;
    const of = counts.get(key) ?? { side: sideText(side), count: 0, why: why(side, reason) };
    of.count += 1;
    counts.set(key, of);
  }
  return [...counts.values()].map(({ side, count, why }) => `${counted(count, side)}: ${why}.`);
}

export function sideText(side: Side): string {
  return side === Side.DRIVER ? "driver" : "shipment";
}

function has(wanted: string, ...texts: (string | undefined)[]): boolean {
  return wanted === "" || texts.some((text) => text?.toLowerCase().includes(wanted));
}

const collator = new Intl.Collator("en", { numeric: true });

function compare(a: Assignment, b: Assignment, by: Key): number {
  switch (by) {
    case "score":
      return a.score - b.score;
    case "driver":
      return collator.compare(a.driver?.name ?? "", b.driver?.name ?? "");
    case "shipment":
      return collator.compare(a.shipment?.address ?? "", b.shipment?.address ?? "");
    case "line":
      return (a.shipment?.line ?? 0) - (b.shipment?.line ?? 0);
  }
}

/** The rows of a page, counted from 1, and how many pages there are; a page that is not there is the last. */
export function page<T>(rows: readonly T[], wanted: number, size = PAGE): { rows: readonly T[]; page: number; pages: number } {
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const page = Math.min(pages, Math.max(1, Math.floor(wanted) || 1));
  return { rows: rows.slice((page - 1) * size, page * size), page, pages };
}
