// Which view an address shows, and the address of a view: what is looked at can be sent to a colleague.

export type Query = Record<string, string>;

export type Route =
  | { view: "plans"; query: Query }
  | { view: "plan"; id: string; query: Query }
  | { view: "drivers"; query: Query }
  | { view: "driver"; query: Query }
  | { view: "runs"; query: Query }
  | { view: "run"; id: string; query: Query }
  | { view: "about"; query: Query }
  | { view: "nowhere"; query: Query }
  /** What stands where an id of a plan or a run should. */
  | { view: "no id"; of: "plan" | "run"; text: string; query: Query };

const PATHS: Record<string, "plans" | "drivers" | "driver" | "runs" | "about"> = {
  "/": "plans",
  "/drivers": "drivers",
  "/driver": "driver",
  "/runs": "runs",
  "/profile": "about",
  "/about": "about",
};

/** The view at a path with a search. */
export function parse(path: string, search: string): Route {
  const query: Query = {};
  for (const [name, value] of new URLSearchParams(search)) {
    if (value !== "") query[name] = value;
  }
  const view = Object.hasOwn(PATHS, path) ? PATHS[path] : undefined;
  if (view !== undefined) return { view, query };
  const [, folder, id, rest] = path.split("/");
  if (id !== undefined && id !== "" && rest === undefined) {
    if (folder === "plan" || folder === "run") {
      const text = decode(id);
      return isId(text) ? { view: folder, id: text, query } : { view: "no id", of: folder, text, query };
    }
  }
  return { view: "nowhere", query };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Whether a text is an id as the services write it: a UUID with its hyphens. */
export function isId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** A path with the parts of a query that say something. */
export function address(path: string, query: Record<string, string | undefined> = {}): string {
  const said = Object.entries(query).filter((entry): entry is [string, string] => !!entry[1]);
  return said.length === 0 ? path : `${path}?${new URLSearchParams(said)}`;
}

export const planAddress = (batch: string): string => `/plan/${encodeURIComponent(batch)}`;
export const runAddress = (run: string): string => `/run/${encodeURIComponent(run)}`;
