// A run by as much of its id as the tables show.

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
