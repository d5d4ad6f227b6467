// About this deployment.

import { clock } from "./cells.js";

type Profile = {
  version: string;
  build: string;
  started: string;
  last_sequence: number;
  parts: { part: string; state: string }[];
};

async function show(): Promise<void> {
  const state = document.getElementById("state");
  const facts = document.getElementById("facts");
  if (state === null || facts === null) return;
  try {
    const response = await fetch("/profile.json");
    if (!response.ok) throw new Error(`${response.status}`);
    const profile = (await response.json()) as Profile;
    const rows: [string, string][] = [
      ["Version", profile.version],
      ["Build", profile.build],
      ["Started", new Date(profile.started).toLocaleString("en-GB")],
      ["Plans recorded", profile.last_sequence.toLocaleString("en")],
      ...profile.parts.map(({ part, state }): [string, string] => [`Part: ${part}`, state]),
    ];
    facts.replaceChildren(...rows.flatMap(([name, value]) => [entry("dt", name), entry("dd", value)]));
    state.dataset["state"] = "live";
    state.textContent = `as of ${clock(Date.now())}`;
  } catch {
    state.dataset["state"] = "stale";
    state.textContent = "the service does not answer";
  }
}

function entry(tag: "dt" | "dd", text: string): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

void show();
