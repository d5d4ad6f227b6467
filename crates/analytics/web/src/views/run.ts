// One run: watched as it goes, and stopped.

import { timestampMs } from "@bufbuild/protobuf/wkt";
import { RunState, type Run } from "../../gen/waybill/producer/v1/producer_pb.js";
import { Asking, repeat } from "../asking.js";
import { notFound, PATIENCE, producer, sentence, unimplemented } from "../calls.js";
import { brief, count, dated, score, tail, uplift } from "../cells.js";
import { coalesced, h, say } from "../dom.js";
import { long } from "../duration.js";
import { copied, figure, panel, UPLIFT, type View } from "../parts.js";
import { address } from "../route.js";
import type { Shell } from "../shell.js";
import { active, backlog, inFlight, ordered, stateKind, stateText } from "./run-texts.js";
import { Stop } from "./stop.js";

/** Time between two looks at the run, in milliseconds: a stream would take one of a browser's six connections. */
const EVERY = 1_000;

export function run(id: string, { signal }: Shell): View {
  const settled = figure("Batches settled", "lead");
  const flight = figure("In flight");
  const late = figure("Backlog");
  const gain = figure("Uplift over first come", "", UPLIFT);
  const state = h("dd", {}, "–");
  const facts = h("dl", { class: "facts" });
  const view = h("div", { class: "stack" });
  const asking = new Asking(signal, view);
  const stop = new Stop(async () => {
    last = await producer.stopRun({ runId: id }, { signal, timeoutMs: PATIENCE });
    draw();
  }, signal);
  const name = `Run ${tail(id)}`;
  const heading = h("h1", { tabindex: -1 }, name);
  let last: Run | undefined;

  const draw = coalesced(() => {
    if (last === undefined || signal.aborted) return;
    const now = last;
    const { request } = now;
    settled.set(count(now.batchesSettled), request !== undefined && request.batchLimit > 0n ? `of ${count(request.batchLimit)}` : undefined);
    flight.set(count(inFlight(now)), `${count(now.batchesSent)} sent`);
    const { batches, since } = backlog(now);
    late.set(batches, since);
    gain.set(uplift(now.total, now.greedyTotal), `${score(now.total - now.greedyTotal)} points more`);
    const how = stateText(now.state);
    say(heading, `${name}: ${how}`);
    document.title = `${name}: ${how} · Waybill`;
    say(state, how);
    state.className = stateKind(now.state);
    if (stop.offer(now.state === RunState.RUNNING)) heading.focus();
    const end = now.endTime === undefined ? Date.now() : timestampMs(now.endTime);
    const description = request?.description ?? "";
    const lines: [string, string][] = [
      ...(description === "" ? [] : [["Description", description] as [string, string]]),
      ["Plans", ordered(now)],
      ["Started (UTC)", dated(now.startTime)],
      [now.endTime === undefined ? "Running for" : "Ran for", now.startTime === undefined ? "–" : long(Math.max(0, end - timestampMs(now.startTime)))],
      ["Rejected", count(now.batchesRejected)],
      ["Never sent", count(now.batchesMissed)],
      ["Shipments", `${brief(now.shipments)}, ${brief(now.assigned)} assigned`],
      ["Total suitability", score(now.total)],
    ];
    if (now.error !== undefined) lines.push(["Last error", now.error.message]);
    facts.replaceChildren(
      h("dt", {}, "State"), state,
      h("dt", {}, "Id"), identity,
      ...lines.flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]),
    );
  });
  const identity = h("dd", {}, copied(id, "the run id"));

  repeat(EVERY, signal, async () => {
    last = await asking.of(() => producer.getRun({ runId: id }, { signal, timeoutMs: PATIENCE }));
    draw();
    return active(last.state);
  }).catch((error: unknown) => {
    if (notFound(error)) asking.trouble(`The producer has no run ${id}.`);
    else if (unimplemented(error)) asking.trouble("This page was not told where the producer is: start analytics with --producer to watch runs here.");
    else asking.trouble(sentence(error));
  });
  view.append(
    h("dl", { class: "figures" }, settled.element, flight.element, late.element, gain.element),
    panel("About this run", facts, h("p", {}, h("a", { href: address("/", { run: id }) }, "Plans of this run"))),
  );
  return {
    title: name,
    element: h(
      "div",
      { class: "stack" },
      h("p", { class: "crumbs" }, h("a", { href: "/runs" }, "Runs")),
      h("div", { class: "titled" }, heading, stop.element),
      asking.element,
      view,
    ),
  };
}
