// Light or dark: by the system's choice, or as the switch says, which is kept.

const KEY = "waybill.theme";
export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** Told when colours change. */
export const changes = new EventTarget();

export function theme(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return THEMES.find((known) => known === kept) ?? "system";
  } catch {
    // Storage may be forbidden.
    return "system";
  }
}

export function choose(chosen: Theme): void {
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // Then it holds until the page is left.
  }
  apply(chosen);
}

export function apply(chosen: Theme): void {
  const root = document.documentElement;
  if (chosen === "system") delete root.dataset["theme"];
  else root.dataset["theme"] = chosen;
  changes.dispatchEvent(new Event("change"));
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  changes.dispatchEvent(new Event("change"));
});
