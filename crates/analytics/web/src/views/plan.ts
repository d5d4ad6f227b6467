// One plan: every assignment with its score, what stayed behind and why, and where its time went.

import type { GetPlanResponse, Plan } from "../../gen/waybill/analytics/v1/analytics_pb.js";
import { StreetName } from "../../gen/waybill/logistics/v1/logistics_pb.js";
import { Asking } from "../asking.js";
import { analytics, notFound, sentence } from "../calls.js";
import { count, dated, iso, score, share, span, titleOf, uplift } from "../cells.js";
import { deployment, traceAddress } from "../deployment.js";
import { h, say } from "../dom.js";
import { copied, downloads, figure, notice, panel, row, table, UPLIFT, type View } from "../parts.js";
import { address, planAddress, runAddress, type Query } from "../route.js";
import type { Shell } from "../shell.js";
import { Rows } from "./plan-rows.js";

const PROOF =
  "Proof: a certificate of dual prices, one for each kind of shipment and of driver. No pair scores more than its two prices, and each pair of the plan exactly as much, so that nothing scores more in all. “waybill verify” checks it again, from the JSON.";

export function plan(id: string, query: Query, shell: Shell): View {
  const { signal } = shell;
  const heading = h("h1", { tabindex: -1 }, "Plan");
  const files = h("span", { class: "links quiet", hidden: true }, ...downloads(id, "with all rows"), " Why a record stayed behind is in the JSON.");
  const asking = new Asking(signal);
  const facts = h("div", { class: "stack" }, asking.element);
  const element = h("div", { class: "stack" }, h("p", { class: "crumbs" }, h("a", { href: "/" }, "Plans")), h("div", { class: "titled" }, heading, files), facts);
  const rows = new Rows(id, query, shell);

  // A page that cannot be told where traces are looked at has their ids all the same.
  const viewer = deployment(signal).then(
    ({ trace_viewer }) => trace_viewer,
    () => null,
  );

  async function read(): Promise<void> {
    let seen = 0;
    let below: HTMLElement[] = [];
    const begun = await asking.of(async () => {
      const stream = analytics.getPlan({ batchId: id }, { signal })[Symbol.asyncIterator]();
      return { stream, first: await stream.next() };
    });
    const next = (): Promise<IteratorResult<GetPlanResponse>> => asking.once(() => begun.stream.next());
    for (let { value, done } = begun.first; done !== true; { value, done } = await next()) {
      const { item } = value as GetPlanResponse;
      if (item.case === "plan") {
        say(heading, `Plan ${count(item.value.sequence)}`);
        document.title = `Plan ${item.value.sequence} · Waybill`;
        const { figures, details } = about(item.value, viewer);
        facts.replaceChildren(figures, asking.element);
        files.hidden = false;
        rows.expect(item.value);
        element.append(rows.element);
        // Below the rows, and so not before they are there: nothing that is being read moves.
        below = details;
      } else if (item.case === "part") {
        const { assignments, unassigned } = item.value;
        seen += assignments.length + unassigned.length;
        rows.add(assignments, unassigned);
      }
    }
    rows.complete(seen);
    element.append(...below);
    rows.arrive();
  }
  read().catch((error: unknown) => {
    if (signal.aborted) return;
    const text = notFound(error) ? `No plan of batch ${id} is recorded here.` : sentence(error);
    const again = h("button", { type: "button" }, "Try again");
    again.addEventListener("click", () => shell.go(address(planAddress(id), query)));
    facts.replaceChildren(notice("error", text), again);
    rows.element.remove();
    files.remove();
  });
  return { title: "Plan", element };
}

function about(plan: Plan, viewer: Promise<string | null>): { figures: HTMLElement; details: HTMLElement[] } {
  const gain = figure("Uplift over first come", "lead", UPLIFT);
  gain.set(uplift(plan.total, plan.greedyTotal), `${score(plan.total - plan.greedyTotal)} points more`);
  const left = plan.shipments - plan.assigned;
  const total = figure("Total suitability");
  total.set(score(plan.total), `first come ${score(plan.greedyTotal)}`);
  const assigned = figure("Shipments assigned");
  assigned.set(count(plan.assigned), `${share(plan.assigned, plan.shipments)} of ${count(plan.shipments)}; ${left === 0 ? "none" : count(left)} left`);
  const proof = figure("Proof", "", PROOF);
  proof.set(plan.certified ? "optimal" : "none", plan.certified ? "no other plan scores more" : "the plan came without dual prices");
  const { timings } = plan;
  const steps = table("Time of this plan, step by step", [{ name: "Step" }, { name: "Time", kind: "number" }]);
  for (const [name, time] of [
    ["Queue", timings?.queue],
    ["Score", timings?.score],
    ["Solve", timings?.solve],
    ["Certify", timings?.certify],
    ["Commit", plan.commit],
  ] as const) {
    steps.body.append(row([{ text: name, kind: "" }, { text: span(time), kind: "number" }]));
  }
  const whole = plan.streetName === StreetName.FULL_LINE;
  const list = h(
    "dl",
    { class: "facts" },
    ...fact("Recorded (UTC)", h("time", { datetime: iso(plan.recordTime), title: titleOf(plan.recordTime) }, dated(plan.recordTime))),
    ...fact("Batch", copied(plan.batchId, "the batch id")),
    ...fact("Run", plan.runId === "" ? "by hand" : copied(plan.runId, "the run id", runAddress(plan.runId))),
    ...fact("Trace", trace(plan.traceId, viewer)),
    ...fact("Street name", whole ? "the whole line" : "read from a postal address"),
    // It may have been sent again since, which records nothing and is not known here.
    ...fact("Attempt", count(Math.max(1, plan.attempt))),
  );
  return {
    figures: h("dl", { class: "figures" }, gain.element, total.element, assigned.element, proof.element),
    details: [
      h("p", { class: "legend" }, `${UPLIFT} ${PROOF}`),
      h("div", { class: "beside" }, panel("About this plan", list), panel("Time, step by step", steps.frame)),
    ],
  };
}

/** The id, to be copied, and a way to the trace where a viewer is known. */
function trace(id: string, viewer: Promise<string | null>): Node | string {
  if (id === "") return "this batch has none";
  const element = copied(id, "the trace id");
  void viewer.then((viewer) => {
    const href = traceAddress(viewer, id);
    if (href !== undefined) element.append(h("a", { class: "button small", href, target: "_blank", rel: "noopener noreferrer" }, "Look at the trace"));
  });
  return element;
}

function fact(name: string, value: Node | string): HTMLElement[] {
  return [h("dt", {}, name), h("dd", {}, value)];
}
