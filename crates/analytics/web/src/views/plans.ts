// Plans as they are recorded, how good they are, and where their time goes; or those that match a search.

import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Plan, Quantiles, Summary } from "../../gen/waybill/analytics/v1/analytics_pb.js";
import { Asking, repeat } from "../asking.js";
import { analytics, PATIENCE, sentence } from "../calls.js";
import { brief, count, micros, moment, score, share, short, span, uplift } from "../cells.js";
import { Chart } from "../chart.js";
import { coalesced, h, say } from "../dom.js";
import type { Feed } from "../feed.js";
import { field, figure, notice, panel, PLAN_COLUMNS, planRow, row, select, table, UPLIFT, values, type View } from "../parts.js";
import { ROWS } from "../recent.js";
import { address, planAddress, type Query } from "../route.js";
import type { Shell } from "../shell.js";
import { Totals } from "../totals.js";

/** Time between two looks at the totals, in milliseconds. */
const TOTALS_EVERY = 5_000;
/** Rows that come with one frame and are still told apart as new: more are the past being caught up. */
const FRESH = 20;
/** Plans that a search shows at once. */
const PAGE = 50;

const WINDOWS: [string, string, number | undefined][] = [
  ["15m", "the last 15 minutes", 900_000],
  ["1h", "the last hour", 3_600_000],
  ["24h", "the last 24 hours", 86_400_000],
  ["all", "everything", undefined],
];

export function plans(query: Query, shell: Shell): View {
  const { signal } = shell;
  const chosen = WINDOWS.find(([name]) => name === (query["window"] ?? "24h")) ?? WINDOWS[2];
  const { feed } = shell;

  const gain = figure("Uplift over first come", "lead", UPLIFT);
  const number = figure("Plans");
  const rate = figure("Plans a second");
  const assigned = figure("Shipments assigned");
  const total = figure("Total suitability");
  const within = select("window", WINDOWS.map(([name, text]) => [name, text]), chosen?.[0] ?? "24h");
  within.addEventListener("change", () => shell.go(address("/", { ...query, window: within.value })));

  const steps = table("Where the time goes", [
    { name: "Step" },
    { name: "p50", kind: "number" },
    { name: "p99", kind: "number" },
    { name: "p99 beside the others", kind: "wide" },
  ]);
  const figures = h("dl", { class: "figures" }, gain.element, number.element, rate.element, assigned.element, total.element);
  const asking = new Asking(signal, figures);
  asking.quiet();
  const totals = new Totals();
  for (const plan of feed.recent.newest()) totals.plan(plan);
  feed.each((plan) => totals.plan(plan), signal);

  async function sum(): Promise<boolean> {
    const request = chosen?.[2] === undefined ? {} : { window: durationFromMs(chosen[2]) };
    totals.answer(await asking.of(() => analytics.getSummary(request, { signal, timeoutMs: PATIENCE })));
    tiles();
    return true;
  }

  let asked: Promise<boolean> | undefined;
  /** One question at a time. */
  const ask = (): Promise<boolean> => {
    asked ??= sum()
      .catch((error: unknown) => {
        asking.trouble(sentence(error));
        return false;
      })
      .finally(() => {
        asked = undefined;
      });
    return asked;
  };

  let last: Summary | undefined;
  /** What was said when the gap after it was noticed: it is asked once. */
  let before: Summary | undefined;
  /** With the frame that shows the plans which they count. */
  const tiles = coalesced(() => {
    if (signal.aborted) return;
    const at = totals.at(feed.words().state === "live" && feed.whole ? feed.cursor : undefined);
    if (at === undefined) return;
    const { said, sums, gap } = at;
    if (gap && said !== before) {
      before = said;
      void ask();
    }
    const more = sums.total - sums.greedyTotal;
    gain.set(uplift(sums.total, sums.greedyTotal), sums.plans === 0n ? "no plan in this time" : `${score(more)} points more`);
    number.set(count(sums.plans), `the last is ${count(sums.lastSequence)}`);
    assigned.set(
      share(Number(sums.assigned), Number(sums.shipments)),
      `${brief(sums.assigned)} of ${brief(sums.shipments)}; ${brief(sums.drivers)} drivers`,
    );
    total.set(brief(sums.total), `first come ${brief(sums.greedyTotal)}`);
    if (said !== last) tell(said);
    last = said;
  });

  function tell(summary: Summary): void {
    const all: [string, Quantiles | undefined][] = [
      ["Queue", summary.queue],
      ["Score", summary.score],
      ["Solve", summary.solve],
      ["Certify", summary.certify],
      ["Commit", summary.commit],
    ];
    const longest = Math.max(1, ...all.map(([, q]) => (q?.p99 === undefined ? 0 : micros(q.p99))));
    steps.body.replaceChildren(
      ...all.map(([name, q]) => {
        const tr = row([
          { text: name, kind: "" },
          { text: span(q?.p50), kind: "number" },
          { text: span(q?.p99), kind: "number" },
        ]);
        const bar = h("span", { class: "bar", "aria-hidden": "true" });
        bar.style.width = `${q?.p99 === undefined ? 0 : Math.max(1, (100 * micros(q.p99)) / longest)}%`;
        tr.append(h("td", { class: "wide" }, bar));
        return tr;
      }),
    );
  }

  function pace(): void {
    if (document.hidden) return;
    const perSecond = feed.words().state === "live" ? feed.rate.perSecond(Date.now()) : undefined;
    const last = feed.recent.plans.at(-1)?.timings?.solve;
    rate.set(
      perSecond === undefined ? "–" : perSecond.toFixed(perSecond < 10 ? 1 : 0),
      last === undefined ? undefined : `the last solved in ${short(micros(last))}`,
    );
  }

  const filter = query["run"] !== undefined || query["driver"] !== undefined || query["text"] !== undefined || query["day"] !== undefined;
  const list = filter ? found(query, shell) : live(feed, signal);
  const shown = new Chart(
    {
      label: "Uplift, plan by plan",
      height: 172,
      across: (value) => (Number.isInteger(value) ? count(value) : ""),
      up: (value) => `${value.toFixed(1)}%`,
      point: (i) => pointed(list.plans()[i]),
    },
    signal,
  );
  const newest = newestPlan(feed);
  const lead = coalesced(newest.draw);
  feed.on("plans", lead, signal);
  const draw = coalesced(() => {
    if (signal.aborted) return;
    list.draw();
    const plans = list.plans();
    shown.show(
      { x: plans.map(({ sequence }) => Number(sequence)), y: plans.map(gained) },
      plans.length === 0 ? "" : `${count(plans.length)} plans, ${pointed(plans.at(-1))}`,
    );
  });
  list.changed(draw);
  feed.on("plans", tiles, signal);
  const second = setInterval(pace, 1_000);
  signal.addEventListener("abort", () => clearInterval(second));
  void repeat(TOTALS_EVERY, signal, ask).catch(() => undefined);
  pace();
  draw();
  lead();

  const element = h(
    "div",
    { class: "stack" },
    h(
      "div",
      { class: "titled" },
      h("h1", { tabindex: -1 }, "Plans"),
      h("label", { class: "inline" }, "Totals over ", within),
    ),
    newest.element,
    figures,
    asking.element,
    h("p", { class: "legend" }, UPLIFT),
    h(
      "div",
      { class: "beside" },
      panel("Uplift, plan by plan", shown.element),
      panel("Where the time goes, step by step", steps.frame),
    ),
    search(query, shell),
    list.element,
  );
  return { title: "Plans", element };
}

/** In percent. */
function gained(plan: Plan): number {
  return plan.greedyTotal === 0 ? 0 : 100 * (plan.total / plan.greedyTotal - 1);
}

function pointed(plan: Plan | undefined): string {
  if (plan === undefined) return "";
  const { sequence, total, greedyTotal } = plan;
  return `plan ${count(sequence)}: ${uplift(total, greedyTotal)}, ${score(total)} against ${score(greedyTotal)}`;
}

type List = {
  element: HTMLElement;
  /** Those on the page, the oldest first. */
  plans: () => Plan[];
  draw: () => void;
  changed: (listener: () => void) => void;
};

/** The newest plans, as they come. */
function live(feed: Feed, signal: AbortSignal): List {
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
    draw,
    changed: (listener) => feed.on("plans", listener, signal),
  };
}

/** Plans that match, page by page. */
function found(query: Query, { signal }: Shell): List {
  const { frame, body } = table("Plans that match, the newest first", PLAN_COLUMNS);
  const more = h("button", { type: "button", hidden: true }, "Older plans");
  const asking = new Asking(signal);
  let plans: Plan[] = [];
  let token = "";
  let tell = (): void => undefined;
  async function next(): Promise<void> {
    more.disabled = true;
    const { run = "", driver = "", text = "", day = "" } = query;
    const request = { pageSize: PAGE, pageToken: token, filter: { run, driver, text, day } };
    const answer = await asking.of(() => analytics.listPlans(request, { signal, timeoutMs: PATIENCE }));
    const now = new Date();
    // What was looked for in the plans is looked for in the plan.
    const sought = text === "" ? driver : text;
    body.append(...answer.plans.map((plan) => planRow(plan, now, sought)));
    plans = [...answer.plans.toReversed(), ...plans].slice(-ROWS);
    token = answer.nextPageToken;
    more.hidden = token === "";
    more.disabled = false;
    const none = "No plan matches. A driver or a shipment is found by any part of its text or id.";
    if (body.childElementCount === 0) asking.quiet(token === "" ? none : "None among the newest plans; go on with “Older plans”.");
    tell();
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
    draw: () => undefined,
    changed: (listener) => {
      tell = listener;
    },
  };
}

/** The newest plan in a line: what a dispatcher comes for. */
function newestPlan(feed: Feed): { element: HTMLElement; draw: () => void } {
  const open = h("a", { class: "button primary" }, "Open the newest plan");
  const behind = h("a", { hidden: true });
  const what = h("span", {});
  // Its room is there before it is, so that nothing moves.
  const element = h("p", { class: "newest unknown" }, open, what, behind);
  return {
    element,
    draw: () => {
      const plan = feed.recent.plans.at(-1);
      element.classList.toggle("unknown", plan === undefined);
      if (plan === undefined) return;
      const { batchId, sequence, recordTime, shipments, assigned } = plan;
      open.href = planAddress(batchId);
      say(what, `Plan ${count(sequence)}, ${moment(recordTime, new Date())}: ${count(assigned)} of ${count(shipments)} shipments have a driver.`);
      behind.hidden = assigned === shipments;
      behind.href = `${planAddress(batchId)}#behind`;
      say(behind, `${count(shipments - assigned)} stayed behind: why`);
    },
  };
}

function search(query: Query, shell: Shell): HTMLElement {
  const input = (name: string, placeholder: string, type = "search"): HTMLElement =>
    h("input", { name, type, placeholder, value: query[name], autocomplete: "off", spellcheck: "false" });
  const form = h(
    "form",
    { class: "search", role: "search", "aria-label": "Search plans" },
    field("Driver", input("driver", "name or id")),
    field("Shipment", input("text", "address or id")),
    field("Run", input("run", "id of a run")),
    field("Day (UTC)", input("day", "", "date")),
    h("button", { type: "submit", class: "primary" }, "Search"),
    h("a", { class: "button", href: address("/", { window: query["window"] }) }, "Live"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    shell.go(address("/", { ...values(form), window: query["window"] }));
  });
  return form;
}
