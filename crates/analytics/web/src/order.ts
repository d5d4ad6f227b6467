// The form of a run as the request that starts it. What the service can judge it judges; here is only said
// what cannot be put into a request at all.

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { StartRunRequestSchema } from "../gen/waybill/producer/v1/producer_pb.js";
import { StreetName } from "../gen/waybill/logistics/v1/logistics_pb.js";
import { parseMillis, wire } from "./duration.js";

export type Order = MessageInitShape<typeof StartRunRequestSchema>;
export type Violation = { field: string; description: string };

/** Largest values of the request's fields. */
const UINT32 = 2n ** 32n - 1n;
const UINT64 = 2n ** 64n - 1n;

/** `values` are by the names of the request's fields, as the service names them when it refuses one. */
export function order(values: Record<string, string>, runId: string): { order: Order; violations: Violation[] } {
  const violations: Violation[] = [];
  const whole = (field: string, most: bigint): bigint => {
    const text = (values[field] ?? "").replaceAll(/[, _]/g, "");
    if (text === "") return 0n;
    if (/^\d+$/.test(text) && BigInt(text) <= most) return BigInt(text);
    const description = /^\d+$/.test(text) ? `is more than ${most}` : "is not a whole number";
    violations.push({ field, description });
    return 0n;
  };
  const small = (field: string): number => Number(whole(field, UINT32));
  const time = (field: string): { seconds: bigint; nanos: number } | undefined => {
    const text = values[field] ?? "";
    if (text === "") return undefined;
    const millis = parseMillis(text);
    // Nothing at all is how no limit is said; written out, it is more likely a mistake.
    if (millis === 0) violations.push({ field, description: "must be longer than nothing, or empty" });
    if (millis !== undefined) return wire(millis);
    violations.push({ field, description: "is not a time such as 500ms, 2s or 1h30m" });
    return undefined;
  };
  const optional = <K extends string>(field: K): { [key in K]?: { seconds: bigint; nanos: number } } => {
    const said = time(snake(field));
    return (said === undefined ? {} : { [field]: said }) as { [key in K]?: { seconds: bigint; nanos: number } };
  };
  const batches = whole("batch_limit", UINT64);
  if (batches === 0n && /\d/.test(values["batch_limit"] ?? "") && !violations.some(({ field }) => field === "batch_limit")) {
    violations.push({ field: "batch_limit", description: "must be at least 1, or empty" });
  }
  const request: Order = {
    source: source(values, small, whole),
    ...optional("interval"),
    ...optional("runFor"),
    ...optional("batchTimeout"),
    batchLimit: batches,
    streetName: values["street_name"] === "full" ? StreetName.FULL_LINE : StreetName.ADDRESS,
    runId,
    description: values["description"] ?? "",
  };
  return { order: request, violations };
}

function source(
  values: Record<string, string>,
  small: (field: string) => number,
  whole: (field: string, most: bigint) => bigint,
): NonNullable<Order["source"]> {
  switch (values["source"]) {
    case "roster":
      return {
        case: "roster",
        value: {
          name: values["roster.name"] ?? "",
          shipments: small("roster.shipments"),
          seed: whole("roster.seed", UINT64),
        },
      };
    case "records":
      return {
        case: "records",
        value: {
          shipments: lines(values["records.shipments"]).map(([address, line]) => ({ address, line })),
          drivers: lines(values["records.drivers"]).map(([name, line]) => ({ name, line })),
        },
      };
    default:
      return {
        case: "synthetic",
        value: {
          shipments: small("synthetic.shipments"),
          drivers: small("synthetic.drivers"),
          seed: whole("synthetic.seed", UINT64),
        },
      };
  }
}

/** Lines that hold something, with their numbers from 1. */
export function lines(text = ""): [string, number][] {
  return text
    .split(/\r\n|\n|\r/)
    .map((line, i): [string, number] => [line, i + 1])
    .filter(([line]) => line.trim() !== "");
}

const snake = (field: string): string => field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/**
 * What the service says of a field, in the words of the form: a line as it was typed, other fields by their
 * labels. `values` are those that were sent.
 */
export function inWords({ field, description }: Violation, values: Record<string, string>, label: (name: string) => string | undefined): string {
  const said = description.replace(", and records.roster too", "").replaceAll(/\b[a-z_]+\.[a-z_]+\b/g, (name) => label(name) ?? name);
  const [, list = "", place] = /^(.+)\[(\d+)\]/.exec(field) ?? [];
  const line = place === undefined ? undefined : lines(values[list])[Number(place)]?.[1];
  return line === undefined ? said : `line ${line} ${said}`;
}

/** Which control a refused field belongs to: "records.shipments[3].address" is of "records.shipments". */
export function controlOf(field: string, controls: readonly string[]): string | undefined {
  const exact = controls.find((control) => control === field);
  return exact ?? controls.find((control) => field.startsWith(`${control}[`) || field.startsWith(`${control}.`));
}

/** An id for a run, so that a call that is sent again starts nothing twice: a UUIDv4. */
export function newRunId(random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array): string {
  // Not crypto.randomUUID: that is only there on secure origins.
  const bytes = random(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
