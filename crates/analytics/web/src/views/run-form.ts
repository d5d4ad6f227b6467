// The form that starts a run.

import { notFound, producer, PATIENCE, sentence, violations } from "../calls.js";
import { counted } from "../cells.js";
import { h, say } from "../dom.js";
import { controlOf, inWords, newRunId, order, type Violation } from "../order.js";
import { field, select, values } from "../parts.js";
import { runAddress } from "../route.js";
import type { Shell } from "../shell.js";

/** Where the form is kept. */
const KEPT = "waybill.order";
/** Names of rosters that are offered at most. */
const ROSTERS = 1_000;

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

export function form(shell: Shell): HTMLElement {
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

  const names = h("datalist", { id: "rosters" });
  const roster = input();
  roster.setAttribute("list", names.id);
  // Another one may have been made since the last time. Without an answer the name can still be typed.
  roster.addEventListener("focus", () => {
    producer.listRosters({ pageSize: ROSTERS }, { signal: shell.signal, timeoutMs: PATIENCE }).then(
      ({ rosters }) => names.replaceChildren(...rosters.map(({ name, drivers }) => h("option", { value: name }, counted(drivers, "driver")))),
      () => undefined,
    );
  });
  const source = select("source", [["synthetic", "Made-up shipments and drivers"], ["roster", "Made-up shipments for a roster"], ["records", "Real ones, pasted line by line"]], "synthetic");
  const groups: Record<string, HTMLElement> = {
    synthetic: h("div", { class: "fields" }, add("synthetic.shipments", "Shipments in each batch", number("32")), add("synthetic.drivers", "Drivers", number("30")), add("synthetic.seed", "Seed", number("7"))),
    roster: h("div", { class: "fields" }, add("roster.name", "Roster", roster), names, add("roster.shipments", "Shipments in each batch", number("32")), add("roster.seed", "Seed", number("7"))),
    records: h("div", { class: "fields two" }, add("records.shipments", "Shipments", area(), "one address a line"), add("records.drivers", "Drivers", area(), "one name a line")),
  };
  const batches = number("20");
  const pick = (): void => {
    for (const [name, group] of Object.entries(groups)) group.hidden = name !== source.value;
  };
  // What was pasted is the same in each batch: unless somebody says otherwise, one is enough.
  const usual = (): void => {
    const [before, now] = source.value === "records" ? ["20", "1"] : ["1", "20"];
    if (batches.value === before) batches.value = now;
  };
  source.addEventListener("change", () => {
    pick();
    usual();
  });
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
      add("batch_limit", "Batches", batches, "empty: no limit"),
      add("run_for", "Ends after", input("", "such as 10m"), "empty: no limit"),
      add("batch_timeout", "A batch may take", input("", "such as 30s"), "empty: no limit"),
      add("description", "Description", input("", "what it is, for people")),
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
    }
    const text = rest.length > 0 ? rest.join("; ") : refused.length === 0 ? otherwise : "";
    said.hidden = text === "";
    say(said, text);
    // In the order in which they are read, whatever was refused first.
    const first = [...controls.values()].find(({ control }) => control.hasAttribute("aria-invalid"));
    first?.control.focus();
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
      .catch((error: unknown) => {
        // All that a run can lack is its roster.
        const bad = notFound(error) ? [{ field: "roster.name", description: "is the name of no roster" }] : violations(error);
        refuse(bad, sentence(error));
      })
      .finally(() => {
        submit.disabled = false;
      });
  });
  keep(element, shell.signal);
  pick();
  for (const name of ["source", "street_name"]) controls.get(name)?.box.classList.add("broad");
  return element;
}

/** What was typed stays for as long as the tab does, whichever way the reader comes back. */
function keep(form: HTMLFormElement, left: AbortSignal): void {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}") as Record<string, unknown>;
    for (const control of form.elements) {
      const typed = isControl(control) ? kept[control.name] : undefined;
      if (isControl(control) && typeof typed === "string") control.value = typed;
    }
  } catch {
    // Storage is forbidden, or what is in it is of another version: then the form begins anew.
  }
  let changed = false;
  const write = (): void => {
    if (!changed) return;
    changed = false;
    const typed = [...form.elements].filter(isControl).map(({ name, value }) => [name, value]);
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(typed)));
    } catch {
      // There is no room for it, and what was kept before is not what was typed.
      sessionStorage.removeItem(KEPT);
    }
  };
  // Lists may be long: they are written when a field or the page is left, and not with each letter.
  form.addEventListener("input", () => {
    changed = true;
  });
  form.addEventListener("change", write);
  addEventListener("pagehide", write, { signal: left });
  left.addEventListener("abort", write);
}

function isControl(element: Element): element is Control {
  return element instanceof HTMLInputElement || element instanceof HTMLSelectElement || element instanceof HTMLTextAreaElement;
}
