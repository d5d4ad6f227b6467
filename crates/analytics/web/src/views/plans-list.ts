// The list of plans: the newest as they come, or those that match a search.

import type { Plan } from "../../gen/waybill/analytics/v1/analytics_pb.js";
import { Asking } from "../asking.js";
import { analytics, PATIENCE, sentence } from "../calls.js";
import { count } from "../cells.js";
import { h, say } from "../dom.js";
import type { Feed } from "../feed.js";
import { notice, PLAN_COLUMNS, planRow, table } from "../parts.js";
import { ROWS } from "../recent.js";
import type { Query } from "../route.js";
import type { Shell } from "../shell.js";

/** Rows that come with one frame and are still told apart as new: more are the past being caught up. */
const FRESH = 20;
/** Plans that a search shows at once. */
const PAGE = 50;

export type List = {
  element: HTMLElement;
  /** Those on the page, the oldest first. */
  plans: () => Plan[];
  /** Why there are none, once that is known. */
  none: () => string;
  draw: () => void;
  changed: (listener: () => void) => void;
};

/** The newest plans, as they come. */
export function live(feed: Feed, signal: AbortSignal): List {
  const { frame, body } = table("Plans as they are recorded, the newest first", PLAN_COLUMNS);
  const empty = notice("empty", "No plan is recorded yet. Start a run under Runs, or with “waybill run start”; its plans appear here as they are committed.");
  const unseen = h("p", { class: "notice", hidden: true });
  let newest = 0n;
  const draw = (): void => {
    const plans = feed.recent.newest();
    const first = plans[0]?.sequence ?? 0n;
    // Another store, or a jump over what was not seen.
    if (newest !== 0n && (first > newest + 1n || (plans.at(-1)?.sequence ?? 0n) < newest)) {
      body.replaceChildren();
      newest = 0n;
    }
    const now = new Date();
    const more = plans.filter(({ sequence }) => sequence > newest);
    const fresh = more.length <= FRESH && body.childElementCount > 0;
    const rows = more.reverse().map((plan) => planRow(plan, now));
    if (fresh) for (const tr of rows) tr.className = "fresh";
    if (rows.length > 0) body.prepend(...rows);
    while (body.childElementCount > ROWS) body.lastElementChild?.remove();
    newest = plans.at(-1)?.sequence ?? 0n;
    empty.hidden = !feed.whole || plans.length > 0;
    unseen.hidden = feed.unseen === 0n;
    if (feed.unseen > 0n) say(unseen, `${count(feed.unseen)} plans were recorded while this page was away and are not shown; a search finds them.`);
  };
  body.id = "plans";
  frame.append(empty);
  return {
    element: h("div", { class: "stack" }, unseen, frame),
    plans: () => feed.recent.newest(),
    none: () => (feed.whole ? "No plan is recorded yet." : ""),
    draw,
    changed: (listener) => feed.on("plans", listener, signal),
  };
}

/** Plans that match, page by page. */
export function found(query: Query, { signal }: Shell): List {
  const { frame, body } = table("Plans that match, the newest first", PLAN_COLUMNS);
  const more = h("button", { type: "button", hidden: true }, "Older plans");
  const asking = new Asking(signal);
  let plans: Plan[] = [];
  let token = "";
  let none = "";
  let changed = (): void => undefined;
  async function next(): Promise<void> {
    more.disabled = true;
    const { run = "", driver = "", text = "", day = "", plan = "" } = query;
    const request = { pageSize: PAGE, pageToken: token, filter: { run, driver, text, day, plan } };
    const answer = await asking.of(() => analytics.listPlans(request, { signal, timeoutMs: PATIENCE }));
    const now = new Date();
    // What was looked for in the plans is looked for in the plan.
    const sought = text === "" ? driver : text;
    body.append(...answer.plans.map((plan) => planRow(plan, now, sought)));
    plans = [...answer.plans.toReversed(), ...plans].slice(-ROWS);
    token = answer.nextPageToken;
    more.hidden = token === "";
    more.disabled = false;
    none = token === "" ? "No plan matches." : "None among the newest plans matches.";
    const on = token === "" ? "A driver or a shipment is found by any part of its text or id." : "Go on with “Older plans”.";
    if (body.childElementCount === 0) asking.quiet(`${none} ${on}`);
    changed();
  }
  const ask = (): void => {
    next().catch((error: unknown) => asking.trouble(sentence(error)));
  };
  more.addEventListener("click", ask);
  ask();
  frame.append(asking.element);
  return {
    element: h("div", { class: "stack" }, frame, more),
    plans: () => plans,
    none: () => none,
    draw: () => undefined,
    changed: (listener) => {
      changed = listener;
    },
  };
}
