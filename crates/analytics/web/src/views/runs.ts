// Runs: what is planned at the moment, and starting one.

import { Asking, repeat } from "../asking.js";
import { producer, PATIENCE, sentence, unimplemented } from "../calls.js";
import { brief, count, moment, tail, titleOf, uplift } from "../cells.js";
import { h } from "../dom.js";
import { notice, panel, row, table, UPLIFT, type View } from "../parts.js";
import { address, runAddress, type Query } from "../route.js";
import type { Shell } from "../shell.js";
import { form } from "./run-form.js";
import { backlog, inFlight, ordered, stateKind, stateText } from "./run-texts.js";

/** Time between two looks at the list, in milliseconds. */
const EVERY = 2_000;
const PAGE = 50;

export function runs(query: Query, shell: Shell): View {
  const { signal } = shell;
  const list = table("Runs, the newest first", [
    { name: "Run" },
    { name: "State" },
    { name: "Plans", kind: "ordered" },
    { name: "Started (UTC)" },
    { name: "Sent", kind: "number extra" },
    { name: "In flight", kind: "number extra" },
    { name: "Settled", kind: "number" },
    { name: "Rejected", kind: "number" },
    { name: "Backlog" },
    { name: "Total", kind: "number extra" },
    { name: "Uplift", kind: "number extra", title: UPLIFT },
  ]);
  const asking = new Asking(signal, list.body);
  list.frame.append(asking.element);
  list.frame.classList.add("runs");
  const here = h("div", { class: "stack" }, list.frame);
  const older = h("a", { class: "button", hidden: true }, "Older runs");

  async function show(): Promise<boolean> {
    const request = { pageSize: PAGE, pageToken: query["page"] ?? "" };
    const { runs, nextPageToken } = await asking.of(() => producer.listRuns(request, { signal, timeoutMs: PATIENCE }));
    const now = new Date();
    // A row that has the focus is not taken from under it.
    const focused = list.body.contains(document.activeElement) ? document.activeElement?.getAttribute("href") : null;
    list.body.replaceChildren(
      ...runs.map((run) => {
        const { batches, since = "" } = backlog(run);
        const started = titleOf(run.startTime);
        return row([
          { text: tail(run.runId), kind: "code", title: run.runId, href: runAddress(run.runId) },
          { text: stateText(run.state), kind: stateKind(run.state) },
          { text: [run.request?.description, ordered(run)].filter(Boolean).join(": "), kind: "ordered" },
          { text: moment(run.startTime, now), kind: "", ...(started === undefined ? {} : { title: started }) },
          { text: count(run.batchesSent), kind: "number extra" },
          { text: count(inFlight(run)), kind: "number extra" },
          { text: count(run.batchesSettled), kind: "number settled" },
          { text: count(run.batchesRejected), kind: `number rejected ${run.batchesRejected > 0n ? "bad" : "quiet"}` },
          { text: `${batches} ${since}`.trim(), kind: run.batchesBehind > 0n ? "warn" : "quiet" },
          { text: brief(run.total), kind: "number extra" },
          { text: uplift(run.total, run.greedyTotal), kind: "number gain extra" },
        ]);
      }),
    );
    if (focused !== null && focused !== undefined) {
      for (const a of list.body.querySelectorAll("a")) if (a.getAttribute("href") === focused) a.focus();
    }
    older.hidden = nextPageToken === "";
    older.href = address("/runs", { page: nextPageToken });
    if (runs.length === 0) asking.quiet("No run was started yet. Start one above.");
    start.hidden = false;
    return true;
  }

  /** Analytics knows no producer. */
  function elsewhere(): void {
    start.remove();
    here.replaceChildren(
      notice(
        "empty",
        "Runs are started at the producer, which this page was not told of: start analytics with --producer and the producer’s address to do it here, or use “waybill run start”.",
      ),
    );
  }

  const start = panel("Start a run", form(shell));
  start.hidden = true;
  repeat(EVERY, signal, show).catch((error: unknown) => {
    if (unimplemented(error)) elsewhere();
    else asking.trouble(sentence(error));
  });
  return {
    title: "Runs",
    element: h("div", { class: "stack" }, h("h1", { tabindex: -1 }, "Runs"), start, here, older),
  };
}
