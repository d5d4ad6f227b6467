// The way to the relay: a shared worker, and where there is none, a relay in the window itself.

import { Relay } from "./relay.js";

/** Workers that are tried before the window does without. */
const TRIES = 2;

/** Where the worker is: the build says it in the page. */
const address = document.querySelector<HTMLMetaElement>('meta[name="relay"]')?.content;

type Policy = { createScriptURL: (url: string) => string };
type Policies = { createPolicy: (name: string, rules: Policy) => Policy };

/** The page may start this one script and no other. */
const policy: Policy = {
  createScriptURL: (url) => {
    if (url !== address) throw new TypeError("not the relay");
    return url;
  },
};
const policies = (globalThis as { trustedTypes?: Policies }).trustedTypes;
const trusted = policies?.createPolicy("relay", policy) ?? policy;

/** The relay of a window that has no worker. */
let own: Relay | undefined;

/**
 * A port to a relay. `attempt` counts from 0: another worker for each, and the window itself in the end.
 * `failed`: the worker cannot be had.
 */
export function port(attempt: number, failed: () => void): MessagePort {
  if (attempt < TRIES && address !== undefined && typeof SharedWorker === "function") {
    try {
      const worker = new SharedWorker(trusted.createScriptURL(address), { type: "module", name: `relay ${attempt}` });
      worker.addEventListener("error", failed);
      return worker.port;
    } catch {
      // Forbidden here: then as where there is none.
    }
  }
  const { port1, port2 } = new MessageChannel();
  own ??= new Relay();
  own.take(port2);
  return port1;
}
