// The page: plans over WatchPlans from a cursor, again and again, and what is known of the connection.

import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { AnalyticsService } from "../gen/waybill/analytics/v1/analytics_pb.js";
import { clock } from "./cells.js";
import { Link } from "./link.js";
import { ROWS, Table } from "./table.js";

/** Time between two looks at the watchdog and the countdown, in milliseconds. */
const TICK = 250;

const client = createClient(AnalyticsService, createGrpcWebTransport({ baseUrl: location.origin }));
const link = new Link(Date.now());
const state = element("state");
const table = new Table(element("plans"), element("empty"));

/** The last plan that is on the page; 0: none. */
let cursor = 0n;
let stream: AbortController | undefined;

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no element ${id}`);
  return found;
}

function say(): void {
  const { state: phase, text } = link.words(Date.now(), clock);
  // Only changes are announced.
  if (state.textContent !== text) state.textContent = text;
  state.dataset["state"] = phase;
}

async function watch(): Promise<void> {
  const abort = new AbortController();
  stream = abort;
  link.connecting(Date.now());
  // The first time, and again from the start when the store is another one.
  const request = cursor === 0n ? { last: ROWS } : { afterSequence: cursor };
  try {
    for await (const { item } of client.watchPlans(request, { signal: abort.signal })) {
      if (item.case === "plan") {
        cursor = item.value.sequence;
        table.add(item.value);
        link.message(Date.now());
      } else if (item.case === "heartbeat") {
        const { sequence, interval } = item.value;
        link.message(Date.now(), interval === undefined ? undefined : durationMs(interval));
        if (sequence < cursor) {
          // What is on the page is of a store that is not there any more.
          cursor = 0n;
          table.clear();
          abort.abort();
        }
        table.complete();
      }
      say();
    }
  } catch {
    // Whatever it was, the answer is the same: try again.
  }
  if (stream === abort) {
    link.lost(Date.now());
    say();
  }
}

function tick(): void {
  const now = Date.now();
  if (link.silent(now)) {
    stream?.abort();
    stream = undefined;
    link.lost(now);
  }
  if (link.due(now)) void watch();
  say();
}

setInterval(tick, TICK);
// After sleep or a lost network nobody waits for a countdown.
addEventListener("online", tick);
document.addEventListener("visibilitychange", tick);
void watch();
