// Charts by uPlot, in the page's own colours. Each stands beside a table that says the same.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { h, say } from "./dom.js";
import { changes } from "./theme.js";

export type Series = {
  /** Values along the bottom, ascending. */
  x: number[];
  y: number[];
};

export type Look = {
  label: string;
  height: number;
  bars?: boolean;
  /** Texts of the two axes. */
  across: (value: number) => string;
  up: (value: number) => string;
  /** What is said of the point under the pointer. */
  point: (index: number) => string;
};

/** Charts are drawn anew at most so often, in milliseconds: a chart a frame is more than an eye takes. */
const REDRAW = 200;

export class Chart {
  readonly element: HTMLElement;
  private readonly canvas: HTMLElement;
  private readonly readout = h("p", { class: "readout" }, "\u00a0");
  /** In the place of the chart where there is nothing to draw: one point makes no line. */
  private readonly none = h("p", { class: "none", hidden: true });
  private readonly look: Look;
  private plot: uPlot | undefined;
  private series: Series = { x: [], y: [] };
  private summary = "";
  private drawn = -REDRAW;
  private timer: number | undefined;

  /** Lives until `signal` is aborted. */
  constructor(look: Look, signal: AbortSignal) {
    this.look = look;
    this.canvas = h("div", { class: "plot", role: "img", "aria-label": look.label });
    // Its height is there before the chart is.
    this.canvas.style.height = `${look.height}px`;
    this.none.style.height = `${look.height}px`;
    this.element = h("div", { class: "chart" }, this.canvas, this.none, this.readout);
    const resize = new ResizeObserver(() => this.fit());
    resize.observe(this.canvas);
    changes.addEventListener("change", () => this.remake(), { signal });
    signal.addEventListener("abort", () => {
      resize.disconnect();
      clearTimeout(this.timer);
      this.plot?.destroy();
      this.plot = undefined;
    });
  }

  /** `summary` is what the chart says, as a sentence; without enough points, why there is none. */
  show(series: Series, summary: string): void {
    this.series = series;
    this.summary = summary;
    if (this.timer !== undefined) return;
    const wait = Math.max(0, this.drawn + REDRAW - performance.now());
    this.timer = window.setTimeout(() => {
      this.timer = undefined;
      this.drawn = performance.now();
      this.draw();
    }, wait);
  }

  private draw(): void {
    this.canvas.setAttribute("aria-label", `${this.look.label}. ${this.summary}`);
    const none = this.series.x.length < (this.look.bars ? 1 : 2);
    this.canvas.classList.toggle("nothing", none);
    this.none.hidden = !none;
    say(this.none, none ? this.summary : "");
    if (none) {
      say(this.readout, "\u00a0");
      return;
    }
    if (this.plot === undefined) this.remake();
    else this.plot.setData([this.series.x, this.series.y]);
    if (this.plot?.cursor.idx == null) say(this.readout, this.summary);
  }

  private fit(): void {
    const width = this.canvas.clientWidth;
    if (width > 0) this.plot?.setSize({ width, height: this.look.height });
  }

  private remake(): void {
    const width = this.canvas.clientWidth;
    if (width === 0) return;
    this.plot?.destroy();
    this.plot = new uPlot(this.options(width), [this.series.x, this.series.y], this.canvas);
  }

  private options(width: number): uPlot.Options {
    const style = getComputedStyle(this.canvas);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour("--quiet"),
      font: `12px ${style.fontFamily}`,
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
    };
    const { bars, across, up, point, height } = this.look;
    return {
      width,
      height,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false, points: { size: 7 } },
      scales: {
        x: { time: false, ...(bars ? { range: (_, least, most) => [least - 0.6, most + 0.6] } : {}) },
        y: { range: (_, __, most) => [0, most > 0 ? most * 1.15 : 1] },
      },
      axes: [
        { ...axis, grid: { show: false }, size: 28, space: 72, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000], values: (_, all) => all.map(across) },
        { ...axis, size: 56, space: 36, values: (_, all) => all.map(up) },
      ],
      series: [
        {},
        {
          stroke: colour("--accent"),
          fill: colour(bars ? "--accent" : "--accent-soft"),
          width: bars ? 0 : 1.5,
          points: { show: false },
          ...(bars && uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [0.7, 48] }) } : {}),
        },
      ],
      hooks: {
        setCursor: [
          (plot) => {
            const at = plot.cursor.idx;
            say(this.readout, at == null || at >= this.series.x.length ? this.summary : point(at));
          },
        ],
      },
    };
  }
}
