// Pieces that several views are made of.

import type { Plan } from "../gen/waybill/analytics/v1/analytics_pb.js";
import { cells, type Cell } from "./cells.js";
import { h, say } from "./dom.js";

/** A view on the page. What it watches ends with the signal that it was given. */
export type View = { title: string; element: HTMLElement };

/** A `kind` of "extra" is left out where there is no room: it is in the view that the row leads to. */
export type Column = { name: string; kind?: string; sort?: string; title?: string };

/** What the word means, where it stands. */
export const UPLIFT =
  "Uplift: how much more the best plan scores than first come, first served, where each shipment in turn takes the best driver that is left.";

export const PLAN_COLUMNS: Column[] = [
  { name: "Plan", kind: "number" },
  { name: "Time (UTC)" },
  { name: "Run", kind: "extra" },
  { name: "Shipments", kind: "number extra" },
  { name: "Drivers", kind: "number extra" },
  { name: "Assigned", kind: "number" },
  { name: "Total", kind: "number" },
  { name: "First come", kind: "number extra" },
  { name: "Uplift", kind: "number", title: UPLIFT },
  { name: "Solved in", kind: "number extra" },
  { name: "Rows", kind: "extra" },
];

/** Who is one driver, and what the shares of drivers are of. */
export const OFFERED =
  "Offered: how often the driver stood in a plan. Drivers without an id are known by their names alone: all of one name are counted together, each in each plan once.";

/** A row of plans; `data-sequence` says which. `sought`: what its rows are to be searched for. */
export function planRow(plan: Plan, now: Date, sought?: string): HTMLTableRowElement {
  const tr = row(cells(plan, now, sought));
  tr.dataset["sequence"] = plan.sequence.toString();
  tr.append(h("td", { class: "links extra" }, ...downloads(plan.batchId, `of plan ${plan.sequence}`)));
  return tr;
}

export function downloads(batch: string, of: string): HTMLElement[] {
  return ["csv", "json"].map((form) => {
    const href = `/plans/${encodeURIComponent(batch)}.${form}`;
    const name = form.toUpperCase();
    return h("a", { href, download: true, "aria-label": `${name} ${of}` }, name);
  });
}

export function row(texts: Cell[]): HTMLTableRowElement {
  const tr = h("tr");
  for (const { text, kind, title, href } of texts) {
    tr.append(h("td", { class: kind, title }, href === undefined ? text : h("a", { href }, text)));
  }
  return tr;
}

export type Sorting = { by: string; descending: boolean };

/**
 * A table in a frame that scrolls sideways by keyboard too. `sorted` makes columns with a `sort` buttons;
 * `resort` then says how it is sorted.
 */
export function table(
  caption: string,
  columns: Column[],
  sorted?: (by: string) => void,
): { frame: HTMLElement; body: HTMLElement; caption: HTMLElement; resort: (by: Sorting) => void } {
  const heads = columns.map(({ name, kind, sort, title }) => {
    const th = h("th", { scope: "col", class: kind, title });
    if (sort === undefined || sorted === undefined) {
      th.append(name);
    } else {
      const button = h("button", { type: "button", class: "sort" }, name);
      button.addEventListener("click", () => sorted(sort));
      th.append(button);
    }
    return { th, sort };
  });
  const body = h("tbody");
  const title = h("caption", {}, caption);
  const frame = h(
    "div",
    { class: "frame", role: "region", "aria-label": caption, tabindex: 0 },
    h("table", {}, title, h("thead", {}, h("tr", {}, ...heads.map(({ th }) => th))), body),
  );
  const resort = ({ by, descending }: Sorting): void => {
    for (const { th, sort } of heads) {
      if (sort !== undefined && sort === by) th.ariaSort = descending ? "descending" : "ascending";
      else th.removeAttribute("aria-sort");
    }
  };
  return { frame, body, caption: title, resort };
}

/** A number that is to be seen first, with what it means. */
export function figure(name: string, kind = "", title?: string): { element: HTMLElement; set: (value: string, note?: string) => void } {
  const value = h("dd", { class: "value" }, "–");
  const note = h("dd", { class: "note" }, "\u00a0");
  const element = h("div", { class: `figure ${kind}` }, h("dt", { title }, name), value, note);
  return {
    element,
    set: (text, more = "\u00a0") => {
      say(value, text);
      say(note, more);
    },
  };
}

export function panel(title: string, ...children: (Node | string)[]): HTMLElement {
  return h("section", { class: "panel" }, h("h2", {}, title), ...children);
}

let controls = 0;

/** A labelled control, with what helps to fill it in. */
export function field(label: string, control: HTMLElement, hint?: string): HTMLElement {
  control.id = `control-${++controls}`;
  const element = h("div", { class: "field" }, h("label", { for: control.id }, label), control);
  if (hint !== undefined) {
    element.append(h("span", { class: "hint", id: `${control.id}-hint` }, hint));
    control.setAttribute("aria-describedby", `${control.id}-hint`);
  }
  return element;
}

export function select(name: string, options: [string, string][], chosen: string): HTMLSelectElement {
  const items = options.map(([value, text]) => h("option", { value, selected: value === chosen }, text));
  return h("select", { name }, ...items);
}

/** What stands where nothing is, or where something went wrong. */
export function notice(kind: "empty" | "error", text: string): HTMLElement {
  return h("p", { class: `notice ${kind}` }, text);
}

/** A text with a button that copies it; `href`: where it leads. */
export function copied(text: string, what: string, href?: string): HTMLElement {
  const button = h("button", { type: "button", class: "small", "aria-label": `copy ${what}` }, "Copy");
  const code = h("code", { title: text }, href === undefined ? text : h("a", { href }, text));
  const back = (): void => say(button, "Copy");
  button.addEventListener("click", () => {
    void copy(text).then((done) => {
      if (!done) getSelection()?.selectAllChildren(code);
      say(button, done ? "Copied" : "Selected");
      setTimeout(back, 2_000);
    });
  });
  return h("span", { class: "copied" }, code, button);
}

/** The clipboard is only there on secure origins; elsewhere the text is left selected. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Values of a form that say something. */
export function values(form: HTMLFormElement): Record<string, string> {
  const said: Record<string, string> = {};
  for (const [name, value] of new FormData(form)) {
    if (typeof value !== "string" || value.trim() === "") continue;
    // Of a list every line counts, and those that are empty too: they have numbers.
    said[name] = /[\r\n]/.test(value) ? value : value.trim();
  }
  return said;
}
