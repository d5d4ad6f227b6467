// The newest plan in a line: what a dispatcher comes for.

import { count, moment } from "../cells.js";
import { h, say } from "../dom.js";
import type { Feed } from "../feed.js";
import { planAddress } from "../route.js";

export function newestPlan(feed: Feed): { element: HTMLElement; draw: () => void } {
  const open = h("a", { class: "button primary" }, "Open the newest plan");
  const behind = h("a", { hidden: true });
  const what = h("span", {});
  // Its room is there before it is, so that nothing moves.
  const element = h("p", { class: "newest unknown" }, open, what, behind);
  return {
    element,
    draw: () => {
      const plan = feed.recent.plans.at(-1);
      element.classList.toggle("unknown", plan === undefined);
      if (plan === undefined) return;
      const { batchId, sequence, recordTime, shipments, assigned } = plan;
      open.href = planAddress(batchId);
      say(what, `Plan ${count(sequence)}, ${moment(recordTime, new Date())}: ${count(assigned)} of ${count(shipments)} shipments have a driver.`);
      behind.hidden = assigned === shipments;
      behind.href = `${planAddress(batchId)}#behind`;
      say(behind, `${count(shipments - assigned)} stayed behind: why`);
    },
  };
}
