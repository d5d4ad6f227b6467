// The network between the browser and analytics: it can be cut, go silent, or be slow.

import { connect, createServer, type Server, type Socket } from "node:net";

export class Network {
  private readonly pairs = new Set<[Socket, Socket]>();
  private readonly server: Server;
  private state: "whole" | "cut" | "silent" = "whole";
  /** Bytes a second to the browser; 0: no limit. */
  slow = 0;

  private constructor(target: () => number) {
    this.server = createServer((browser) => {
      if (this.state === "cut") {
        browser.destroy();
        return;
      }
      const service = connect(target(), "127.0.0.1");
      const pair: [Socket, Socket] = [browser, service];
      this.pairs.add(pair);
      const end = (): void => {
        browser.destroy();
        service.destroy();
        this.pairs.delete(pair);
      };
      for (const socket of pair) socket.on("error", end).on("close", end);
      browser.on("data", (data) => {
        if (this.state === "whole") service.write(data);
      });
      service.on("data", (data) => {
        if (this.state !== "whole") return;
        browser.write(data);
        if (this.slow > 0) {
          service.pause();
          setTimeout(() => service.resume(), (1_000 * data.length) / this.slow);
        }
      });
    });
  }

  static async before(target: () => number): Promise<Network> {
    const network = new Network(target);
    await new Promise<void>((done) => network.server.listen(0, "127.0.0.1", done));
    return network;
  }

  get url(): string {
    const address = this.server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    return `http://127.0.0.1:${address.port}`;
  }

  /** Every connection breaks, and no new one comes about. */
  cut(): void {
    this.state = "cut";
    for (const [browser, service] of this.pairs) {
      browser.destroy();
      service.destroy();
    }
  }

  /** Connections stay open, but nothing passes: as when a cable is pulled. */
  silence(): void {
    this.state = "silent";
  }

  mend(): void {
    if (this.state === "silent") this.cut();
    this.state = "whole";
  }

  async end(): Promise<void> {
    this.cut();
    await new Promise((done) => this.server.close(done));
  }
}
