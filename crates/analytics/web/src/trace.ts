// The trace that a call of the page begins, as W3C writes it. The services join in; the page itself tells no span.

/** `traceparent` of a new trace that is to be kept. */
export function traceparent(random: Uint8Array = crypto.getRandomValues(new Uint8Array(24))): string {
  const hex = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `00-${hex.slice(0, 32)}-${hex.slice(32)}-01`;
}
