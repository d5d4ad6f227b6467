// The relay as a worker that all windows of a browser share: a browser opens only six connections to a host
// without TLS, so that a stream for each window would leave the seventh with none.

import { Relay } from "./relay.js";

const relay = new Relay();
addEventListener("connect", (event) => {
  const [port] = (event as MessageEvent).ports;
  if (port !== undefined) relay.take(port);
});
