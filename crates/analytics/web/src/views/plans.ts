// Plans as they are recorded, how good they are, and where their time goes; or those that match a search.

import type { Plan } from "../../gen/waybill/analytics/v1/analytics_pb.js";
import { count, counted, score, uplift } from "../cells.js";
import { Chart } from "../chart.js";
import { coalesced, h } from "../dom.js";
import { panel, UPLIFT, type View } from "../parts.js";
import type { Query } from "../route.js";
import type { Shell } from "../shell.js";
import { newestPlan } from "./newest.js";
import { found, live } from "./plans-list.js";
import { totalsOf } from "./plans-totals.js";
import { searchPlans } from "./search.js";

export function plans(query: Query, shell: Shell): View {
  const { feed, signal } = shell;
  const filter = ["run", "driver", "text", "day", "plan"].some((name) => query[name] !== undefined);
  const list = filter ? found(query, shell) : live(feed, signal);
  // What is said of all plans would be taken for what was searched for.
  const all = filter ? undefined : ofAll(query, shell);
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
  const draw = coalesced(() => {
    if (signal.aborted) return;
    list.draw();
    const plans = list.plans();
    shown.show(
      { x: plans.map(({ sequence }) => Number(sequence)), y: plans.map(gained) },
      plans.length === 0 ? list.none() : `${counted(plans.length, "plan")}, ${pointed(plans.at(-1))}`,
    );
    // What was found stands below it; the newest plans may still come.
    chart.hidden = filter && plans.length < 2;
  });
  const chart = panel("Uplift, plan by plan", shown.element);
  list.changed(draw);
  draw();
  const element = h(
    "div",
    { class: "stack tall" },
    h("div", { class: "titled" }, h("h1", { tabindex: -1 }, "Plans"), ...(all === undefined ? [] : [all.within])),
    ...(all?.figures ?? []),
    h("p", { class: "legend" }, UPLIFT),
    all === undefined ? chart : h("div", { class: "beside" }, chart, all.steps),
    searchPlans(query, shell),
    list.element,
  );
  return { title: "Plans", element };
}

/** The newest plan, totals, and steps. */
function ofAll(query: Query, shell: Shell): { within: HTMLElement; figures: HTMLElement[]; steps: HTMLElement } {
  const { feed, signal } = shell;
  const totals = totalsOf(query, shell);
  const newest = newestPlan(feed);
  const lead = coalesced(newest.draw);
  feed.on("plans", lead, signal);
  lead();
  return {
    within: h("label", { class: "inline" }, "Totals over ", totals.within),
    figures: [newest.element, totals.figures, totals.notice],
    steps: panel("Where the time goes, step by step", totals.steps),
  };
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
