// One stream of plans for all windows that ask: the shell around `hub.ts`, on ports.

import { toBinary } from "@bufbuild/protobuf";
import { PlanSchema } from "../gen/waybill/analytics/v1/analytics_pb.js";
import { Hub, type FromWindow } from "./hub.js";
import { Watch } from "./watch.js";

/** Time between two looks at the watchdogs, in milliseconds. */
const TICK = 250;

export class Relay {
  private readonly hub = new Hub<MessagePort>();
  private readonly watch: Watch;
  private due = false;

  constructor() {
    const { hub } = this;
    this.watch = new Watch({
      plan: (plan, gap) => hub.plan(plan.sequence, toBinary(PlanSchema, plan), gap),
      heartbeat: (sequence) => hub.heartbeat(sequence),
      otherStore: (newest) => hub.otherStore(newest),
      resumed: () => hub.resumed(),
      changed: () => {
        hub.changed();
        this.answer();
      },
    });
    setInterval(() => {
      this.watch.want(hub.watched(Date.now()));
      this.watch.tick();
      this.answer();
    }, TICK);
  }

  take(port: MessagePort): void {
    port.onmessage = ({ data }: MessageEvent<FromWindow>) => {
      const now = Date.now();
      if (data.kind === "ask") this.hub.ask(port, data.after, data.version, now);
      if (data.kind === "leave") this.hub.leave(port);
      if (data.kind === "hurry") this.watch.hurry();
      this.watch.want(this.hub.watched(now));
      this.answer();
    };
  }

  /** Once for all that came together. */
  private answer(): void {
    if (this.due) return;
    this.due = true;
    setTimeout(() => {
      this.due = false;
      for (const [port, answer] of this.hub.answers(this.watch.state, Date.now())) port.postMessage(answer);
    });
  }
}
