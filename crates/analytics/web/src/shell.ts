// What a view may ask of the page around it.

import type { Feed } from "./feed.js";

export type Shell = {
  feed: Feed;
  /** Aborted when the view is left. */
  signal: AbortSignal;
  /** Shows what is at an address. */
  go: (address: string) => void;
  /** Keeps the state of the view in the address, without leaving it. */
  keep: (address: string) => void;
};
