// Voltages over time and rates over currents, drawn by uPlot in the colors of the page.

import uPlot from "uplot";

import { at, quantiles } from "./statistics";

/** A curve over its own times. */
export interface Overlay {
  label: string;
  color: string;
  time_ms: Float32Array;
  v_mv: Float32Array;
}

export interface Traces {
  time_ms: Float64Array;
  members: Float32Array[];
  overlays: Overlay[];
}

const HEIGHT = { traces: 340, curve: 220 };
/** Members behind which a band is drawn. */
const FEWEST_OF_BAND = 5;
const BAND = [0.1, 0.5, 0.9];

export function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function axes(x: string, y: string): uPlot.Axis[] {
  const one = (label: string): uPlot.Axis => ({
    label,
    stroke: color("ink"),
    grid: { stroke: color("line"), width: 1 },
    ticks: { stroke: color("line"), width: 1 },
    font: "12px system-ui, sans-serif",
    labelFont: "12px system-ui, sans-serif",
  });
  return [one(x), { ...one(y), size: 52 }];
}

/** A plot that is made anew when its curves change in number, and given new values otherwise. */
abstract class Drawn {
  protected plot: uPlot | undefined;
  private kind = "";

  constructor(protected readonly place: HTMLElement, private readonly height: number) {
    new ResizeObserver(() => this.plot?.setSize({ width: this.width(), height: this.height })).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.kind = "";
      this.redraw();
    });
  }

  abstract redraw(): void;

  private width(): number {
    return Math.max(200, this.place.clientWidth);
  }

  protected show(kind: string, data: uPlot.AlignedData, options: () => Omit<uPlot.Options, "width" | "height">): void {
    if (this.plot !== undefined && kind === this.kind) {
      this.plot.setData(data);
      return;
    }
    this.plot?.destroy();
    this.plot = new uPlot({ ...options(), width: this.width(), height: this.height }, data, this.place);
    this.kind = kind;
  }
}

export class TracePlot extends Drawn {
  private shown: Traces | undefined;

  constructor(place: HTMLElement) {
    super(place, HEIGHT.traces);
  }

  set(traces: Traces): void {
    this.shown = traces;
    this.redraw();
  }

  redraw(): void {
    const shown = this.shown;
    if (shown === undefined) return;
    const { members, time_ms, overlays } = shown;
    const has_band = members.length >= FEWEST_OF_BAND;
    const band = has_band ? quantiles(members, BAND) : [];
    const own = members[0];
    const on_grid = [...members, ...band, ...(own === undefined ? [] : [own])];
    const tables: uPlot.AlignedData[] = [[time_ms, ...on_grid]];
    for (const overlay of overlays) tables.push([overlay.time_ms, overlay.v_mv]);
    const data = overlays.length > 0 ? uPlot.join(tables) : tables[0]!;
    const kind = `${members.length} ${overlays.map((overlay) => overlay.label).join("|")}`;
    this.show(kind, data, () => this.options(members.length, has_band, overlays));
  }

  private options(n: number, has_band: boolean, overlays: Overlay[]): Omit<uPlot.Options, "width" | "height"> {
    const line = (stroke: string, width: number, dash?: number[]): uPlot.Series => ({
      stroke,
      width,
      spanGaps: true,
      points: { show: false },
      ...(dash === undefined ? {} : { dash }),
    });
    const thin = color(has_band ? "member" : "predicted");
    const series: uPlot.Series[] = [{}];
    for (let member = 0; member < n; member++) series.push(line(thin, has_band ? 0.6 : 1));
    if (has_band) {
      const clear = "rgba(0,0,0,0)";
      series.push(line(clear, 0), line(color("median"), 1.6), line(clear, 0));
    }
    if (n > 0) series.push(line(color("predicted"), 1.6));
    for (const overlay of overlays) series.push(line(overlay.color, 1.4, [5, 3]));
    const bands: uPlot.Band[] = has_band ? [{ series: [n + 3, n + 1], fill: color("band") }] : [];
    return {
      series,
      bands,
      axes: axes("time (ms)", "voltage (mV)"),
      scales: { x: { time: false } },
      legend: { show: false },
      cursor: { drag: { x: true, y: false }, points: { show: false } },
    };
  }
}

export class CurvePlot extends Drawn {
  private shown: { current_na: number[]; rates_hz: number[][] } | undefined;

  constructor(place: HTMLElement) {
    super(place, HEIGHT.curve);
  }

  set(current_na: number[], rates_hz: number[][]): void {
    this.shown = { current_na, rates_hz };
    this.redraw();
  }

  redraw(): void {
    if (this.shown === undefined) return;
    const { current_na, rates_hz } = this.shown;
    const middle = current_na.map((_, idx) =>
      at(rates_hz.map((rates) => rates[idx] ?? 0).sort((a, b) => a - b), 0.5),
    );
    this.show(String(rates_hz.length), [current_na, ...rates_hz, middle], () => ({
      series: [
        {},
        ...rates_hz.map(() => ({ stroke: color("member"), width: 0.8, points: { show: false } })),
        { stroke: color("predicted"), width: 1.8, points: { show: true, size: 4 } },
      ],
      axes: axes("current (nA)", "rate (Hz)"),
      scales: { x: { time: false } },
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: false } },
    }));
  }
}
