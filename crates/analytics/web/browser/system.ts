// Real services, each a process of its own on ports that are free, with a store that is thrown away.

import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const PROGRAM = resolve(process.env["WAYBILL"] ?? "../../../target/debug/waybill");
/** Time that a service may take to answer, in milliseconds. */
const READY = 30_000;

/** Where traces are looked at; nobody is there. */
export const VIEWER = "http://127.0.0.1:9/jaeger";

/** Ports that the kernel, which begins at 32,768, gives to nobody who asks for any. */
const PORTS = { from: 20_000, count: 12_000 };
let looked = process.pid * 97;

/** A port where nobody listens, and that stays free until a service that is told of it listens there, and comes back. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.from + (looked++ % PORTS.count);
    const server = createServer();
    const free = await new Promise<boolean>((done) => {
      server.once("error", () => done(false)).listen(port, "127.0.0.1", () => done(true));
    });
    if (!free) continue;
    await new Promise((done) => server.close(done));
    return port;
  }
}

/** Waits until it is so. */
export async function until(what: string, isSo: () => Promise<boolean> | boolean, within = READY): Promise<void> {
  const end = Date.now() + within;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`not within ${within} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 25));
  }
}

type Part = "analytics" | "fleet" | "producer";

export class System {
  readonly folder: string;
  readonly ports: Record<Part, number>;
  private readonly ops: Record<Part, number>;
  private readonly running = new Map<Part, ChildProcess>();
  private readonly said = new Map<Part, string>();
  private readonly withProducer: boolean;
  private readonly heartbeat: string[];

  private constructor(folder: string, ports: Record<Part, number>, ops: Record<Part, number>, withProducer: boolean, heartbeat: string[]) {
    this.folder = folder;
    this.ports = ports;
    this.ops = ops;
    this.withProducer = withProducer;
    this.heartbeat = heartbeat;
  }

  /**
   * `withProducer`: whether analytics is told where the producer is. `heartbeat`: its setting, short so that the
   * watchdog, at three of them, need not be waited for long.
   */
  static async start(withProducer = true, heartbeat = ["--heartbeat", "1s"]): Promise<System> {
    const folder = await mkdtemp(join(tmpdir(), "waybill-page-"));
    const three = async (): Promise<Record<Part, number>> => ({
      analytics: await freePort(),
      fleet: await freePort(),
      producer: await freePort(),
    });
    const system = new System(folder, await three(), await three(), withProducer, heartbeat);
    try {
      for (const part of ["analytics", "fleet", "producer"] as const) await system.launch(part);
    } catch (error) {
      await system.end();
      throw error;
    }
    return system;
  }

  get url(): string {
    return `http://127.0.0.1:${this.ports.analytics}`;
  }

  async launch(part: Part): Promise<void> {
    const at = (port: number): string => `127.0.0.1:${port}`;
    const own: Record<Part, string[]> = {
      analytics: [
        "--store", `sqlite:${join(this.folder, "analytics.db")}`,
        ...this.heartbeat,
        "--trace-viewer", VIEWER,
        ...(this.withProducer ? ["--producer", `http://${at(this.ports.producer)}`] : []),
      ],
      fleet: ["--analytics", this.url],
      producer: ["--fleet", `http://${at(this.ports.fleet)}`, "--data", join(this.folder, "producer")],
    };
    const args = [part, ...own[part], "--listen", at(this.ports[part]), "--ops-listen", at(this.ops[part])];
    const child = spawn(PROGRAM, args, { stdio: ["ignore", "pipe", "pipe"] });
    const keep = (text: Buffer): void => {
      this.said.set(part, ((this.said.get(part) ?? "") + text.toString()).slice(-4_000));
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => keep(Buffer.from(String(error))));
    this.running.set(part, child);
    await until(`${part} is ready: ${args.join(" ")}`, async () => {
      if (child.exitCode !== null) throw new Error(`${part} ended: ${this.said.get(part)}`);
      try {
        return (await fetch(`http://${at(this.ops[part])}/healthz`)).ok;
      } catch {
        return false;
      }
    });
  }

  /** Starts a run of made-up records, and gives its id. */
  async run(...args: string[]): Promise<string> {
    const producer = `http://127.0.0.1:${this.ports.producer}`;
    const all = ["run", "start", "--producer", producer, "--format", "json", ...args];
    const { stdout } = await promisify(execFile)(PROGRAM, all);
    const id = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(stdout);
    if (id === null) throw new Error(`no run was started: ${stdout}`);
    return id[0];
  }

  /** Streams on which plans are watched. */
  async watchers(): Promise<number> {
    const metrics = await (await fetch(`http://127.0.0.1:${this.ops.analytics}/metrics`)).text();
    return Number(/^waybill_analytics_watchers (\d+)$/m.exec(metrics)?.[1]);
  }

  /** It does nothing any more, and ends nothing. */
  freeze(part: Part): void {
    this.running.get(part)?.kill("SIGSTOP");
  }

  thaw(part: Part): void {
    this.running.get(part)?.kill("SIGCONT");
  }

  /** What this part has kept is gone; it must not run. */
  async forget(part: "analytics"): Promise<void> {
    for (const end of ["", "-wal", "-shm"]) await rm(join(this.folder, `${part}.db${end}`), { force: true });
  }

  /** As by `kill -9`: nothing is said to anybody. */
  async kill(part: Part): Promise<void> {
    const child = this.running.get(part);
    this.running.delete(part);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once("exit", done));
    child.kill("SIGKILL");
    await ended;
  }

  async end(): Promise<void> {
    for (const part of [...this.running.keys()]) await this.kill(part);
    await rm(this.folder, { recursive: true, force: true });
  }
}
