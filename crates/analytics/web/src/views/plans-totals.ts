// How good plans are and where their time goes, over a window of time that is chosen.

import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Quantiles, Summary } from "../../gen/waybill/analytics/v1/analytics_pb.js";
import { Asking, repeat } from "../asking.js";
import { analytics, PATIENCE, sentence } from "../calls.js";
import { brief, count, micros, score, share, short, span, uplift } from "../cells.js";
import { coalesced, h } from "../dom.js";
import { figure, row, select, table, UPLIFT } from "../parts.js";
import { address, type Query } from "../route.js";
import type { Shell } from "../shell.js";
import { Totals } from "../totals.js";

/** Time between two looks at the totals, in milliseconds. */
const TOTALS_EVERY = 5_000;

const WINDOWS: [string, string, number | undefined][] = [
  ["15m", "the last 15 minutes", 900_000],
  ["1h", "the last hour", 3_600_000],
  ["24h", "the last 24 hours", 86_400_000],
  ["all", "everything", undefined],
];

export type TotalsView = {
  /** The choice of the window. */
  within: HTMLElement;
  figures: HTMLElement;
  /** What is wrong with them. */
  notice: HTMLElement;
  /** Time, step by step. */
  steps: HTMLElement;
};

export function totalsOf(query: Query, { feed, signal, go }: Shell): TotalsView {
  const chosen = WINDOWS.find(([name]) => name === (query["window"] ?? "24h")) ?? WINDOWS[2];
  const gain = figure("Uplift over first come", "lead", UPLIFT);
  const number = figure("Plans");
  const rate = figure("Plans a second");
  const assigned = figure("Shipments assigned");
  const total = figure("Total suitability");
  const within = select("window", WINDOWS.map(([name, text]) => [name, text]), chosen?.[0] ?? "24h");
  within.addEventListener("change", () => go(address("/", { ...query, window: within.value })));

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
    number.set(count(sums.plans), `the newest is plan ${count(sums.lastSequence)}`);
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

  feed.on("plans", tiles, signal);
  const second = setInterval(pace, 1_000);
  signal.addEventListener("abort", () => clearInterval(second));
  void repeat(TOTALS_EVERY, signal, ask).catch(() => undefined);
  pace();
  return { within, figures, notice: asking.element, steps: steps.frame };
}
