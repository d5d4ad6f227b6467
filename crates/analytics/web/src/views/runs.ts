// Runs: what is planned at the moment, and starting one.

import { Asking, repeat } from "../asking.js";
import { producer, PATIENCE, sentence, unimplemented, violations } from "../calls.js";
import { brief, count, moment, tail, titleOf, uplift } from "../cells.js";
import { h, say } from "../dom.js";
import { controlOf, inWords, newRunId, order, type Violation } from "../order.js";
import { field, notice, panel, row, select, table, UPLIFT, values, type View } from "../parts.js";
import { address, runAddress, type Query } from "../route.js";
import type { Shell } from "../shell.js";
import { backlog, inFlight, ordered, stateKind, stateText } from "./run-texts.js";

/** Time between two looks at the list, in milliseconds. */
const EVERY = 2_000;
const PAGE = 50;
/** Where the form is kept. */
const KEPT = "waybill.order";

export function runs(query: Query, shell: Shell): View {
  const { signal } = shell;
  const list = table("Runs, the newest first", [
    { name: "Run" },
    { name: "State" },
    { name: "Plans" },
    { name: "Started (UTC)" },
    { name: "Sent", kind: "number" },
    { name: "In flight", kind: "number" },
    { name: "Settled", kind: "number" },
    { name: "Rejected", kind: "number" },
    { name: "Backlog" },
    { name: "Total", kind: "number" },
    { name: "Uplift", kind: "number", title: UPLIFT },
  ]);
  const asking = new Asking(signal, list.body);
  list.frame.append(asking.element);
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
        const started = titleOf(run.startTime);
        return row([
          { text: tail(run.runId), kind: "code", title: run.runId, href: runAddress(run.runId) },
          { text: stateText(run.state), kind: stateKind(run.state) },
          { text: ordered(run.request), kind: "name" },
          { text: moment(run.startTime, now), kind: "", ...(started === undefined ? {} : { title: started }) },
          { text: count(run.batchesSent), kind: "number" },
          { text: count(inFlight(run)), kind: "number" },
          { text: count(run.batchesSettled), kind: "number" },
          { text: count(run.batchesRejected), kind: run.batchesRejected > 0n ? "number bad" : "number quiet" },
          { text: backlog(run), kind: run.batchesBehind > 0n ? "warn" : "quiet" },
          { text: brief(run.total), kind: "number" },
          { text: uplift(run.total, run.greedyTotal), kind: "number gain" },
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

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

function form(shell: Shell): HTMLElement {
  type Entry = { label: string; control: Control; error: HTMLElement; box: HTMLElement; described: string | null };
  const controls = new Map<string, Entry>();
  const add = (name: string, label: string, control: Control, hint?: string): HTMLElement => {
    control.name = name;
    const error = h("span", { class: "violation", id: `error-${name}` });
    const box = field(label, control, hint);
    box.append(error);
    controls.set(name, { label, control, error, box, described: control.getAttribute("aria-describedby") });
    return box;
  };
  const input = (value = "", placeholder = ""): HTMLInputElement =>
    h("input", { type: "text", value, placeholder, autocomplete: "off", spellcheck: "false" });
  const number = (value: string): HTMLInputElement => {
    const control = input(value);
    control.inputMode = "numeric";
    return control;
  };
  const area = (): HTMLTextAreaElement => h("textarea", { rows: 6, spellcheck: "false", autocomplete: "off" });

  const source = select("source", [["synthetic", "Made-up shipments and drivers"], ["roster", "Made-up shipments for a roster"], ["records", "Real ones, pasted line by line"]], "synthetic");
  const groups: Record<string, HTMLElement> = {
    synthetic: h("div", { class: "fields" }, add("synthetic.shipments", "Shipments in each batch", number("32")), add("synthetic.drivers", "Drivers", number("30")), add("synthetic.seed", "Seed", number("7"))),
    roster: h("div", { class: "fields" }, add("roster.name", "Roster", input()), add("roster.shipments", "Shipments in each batch", number("32")), add("roster.seed", "Seed", number("7"))),
    records: h("div", { class: "fields two" }, add("records.shipments", "Shipments", area(), "one address a line"), add("records.drivers", "Drivers", area(), "one name a line")),
  };
  const pick = (): void => {
    for (const [name, group] of Object.entries(groups)) group.hidden = name !== source.value;
  };
  source.addEventListener("change", pick);
  const said = h("p", { class: "notice error", role: "alert", hidden: true });
  const submit = h("button", { type: "submit", class: "primary" }, "Start the run");
  const element = h(
    "form",
    { class: "order", novalidate: true },
    h("div", { class: "fields" }, add("source", "What is planned", source)),
    ...Object.values(groups),
    h(
      "div",
      { class: "fields" },
      add("interval", "Time between batches", input("2s"), "empty: as fast as they settle"),
      add("batch_limit", "Batches", number("20"), "empty: no limit"),
      add("run_for", "Ends after", input("", "such as 10m"), "empty: no limit"),
      add("batch_timeout", "A batch may take", input("", "such as 30s"), "empty: no limit"),
      add("street_name", "Street name", select("street_name", [["address", "read from a postal address"], ["full", "the whole line"]], "address")),
    ),
    said,
    h("div", { class: "actions" }, submit),
  );

  const label = (name: string): string | undefined => controls.get(name)?.label;
  const refuse = (refused: readonly Violation[], otherwise: string): void => {
    for (const { control, error, described } of controls.values()) {
      say(error, "");
      control.removeAttribute("aria-invalid");
      if (described === null) control.removeAttribute("aria-describedby");
      else control.setAttribute("aria-describedby", described);
    }
    const rest: string[] = [];
    let first: Control | undefined;
    for (const violation of refused) {
      const { field, description } = violation;
      const name = controlOf(field, [...controls.keys()]);
      const at = name === undefined ? undefined : controls.get(name);
      if (at === undefined) {
        rest.push(`${field} ${description}`);
        continue;
      }
      // The whole list would bury the form; the first says enough to go on.
      if (at.error.textContent === "") say(at.error, inWords(violation, values(element), label));
      at.control.setAttribute("aria-invalid", "true");
      at.control.setAttribute("aria-describedby", [at.error.id, at.described ?? ""].join(" ").trim());
      first ??= at.control;
    }
    const text = rest.length > 0 ? rest.join("; ") : refused.length === 0 ? otherwise : "";
    said.hidden = text === "";
    say(said, text);
    first?.focus();
  };

  // The same id until the form changes: sent twice, it starts one run.
  const fresh = (): string => newRunId((bytes) => crypto.getRandomValues(bytes));
  let id = fresh();
  element.addEventListener("input", () => {
    id = fresh();
  });
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    const { order: request, violations: bad } = order(values(element), id);
    refuse(bad, "");
    if (bad.length > 0) return;
    submit.disabled = true;
    producer
      .startRun(request, { timeoutMs: PATIENCE })
      .then((run) => {
        if (!shell.signal.aborted) shell.go(runAddress(run.runId));
      })
      .catch((error: unknown) => refuse(violations(error), sentence(error)))
      .finally(() => {
        submit.disabled = false;
      });
  });
  keep(element);
  pick();
  for (const name of ["source", "street_name"]) controls.get(name)?.box.classList.add("broad");
  return element;
}

/** What was typed stays for as long as the tab does, whichever way the reader comes back. */
function keep(form: HTMLFormElement): void {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}") as Record<string, unknown>;
    for (const control of form.elements) {
      const typed = isControl(control) ? kept[control.name] : undefined;
      if (isControl(control) && typeof typed === "string") control.value = typed;
    }
  } catch {
    // Storage is forbidden, or what is in it is of another version: then the form begins anew.
  }
  form.addEventListener("input", () => {
    const typed = [...form.elements].filter(isControl).map(({ name, value }) => [name, value]);
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(typed)));
    } catch {
      // There is no room for it, and what was kept before is not what was typed.
      sessionStorage.removeItem(KEPT);
    }
  });
}

function isControl(element: Element): element is Control {
  return element instanceof HTMLInputElement || element instanceof HTMLSelectElement || element instanceof HTMLTextAreaElement;
}
