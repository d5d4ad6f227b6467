// A run or a plan by as much of its names as the tables show.

/** What runs a text may mean: the one, or how many. */
export type Meant = { id: string } | { runs: number };

/** `ids` are those that are known here; a text begins or ends the one that it means, with or without the sign that cuts it. */
export function meant(text: string, ids: Iterable<string>): Meant {
  const wanted = text.replaceAll("…", "").trim().toLowerCase();
  const found = new Set<string>();
  for (const id of ids) if (id.startsWith(wanted) || id.endsWith(wanted)) found.add(id);
  const [id] = found;
  return found.size === 1 && id !== undefined ? { id } : { runs: found.size };
}

/** The number of a plan, or the id of its batch, as the service reads it: "Plan 1,234" is 1234. */
export function planName(text: string): string {
  return text.replace(/^plan\b/i, "").replaceAll(/[,…\s]/g, "");
}
