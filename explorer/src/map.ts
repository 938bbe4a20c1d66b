// The plane of threshold current and F-I slope: hull, models, and a mark that can be dragged or moved by keys.

import type { About, Model } from "./api";
import { isInside } from "./view";

const NS = "http://www.w3.org/2000/svg";
const SIZE = { width: 420, height: 300, left: 56, right: 12, top: 12, bottom: 44 };
/** Room around the models, in parts of their range. */
const MARGIN = 0.25;
/** A key moves the mark by this part of the plane. */
const KEY_STEP = 0.02;
/** A click this near to a model means the model. // [px] */
const NEAR_PX = 9;

export interface Plane {
  x: [number, number];
  y: [number, number];
}

/** The part of the plane that is shown; none without both features. */
export function planeOf(about: About): Plane | undefined {
  const xs = about.models.flatMap((model) => (model.i_thr_na === null ? [] : [model.i_thr_na]));
  const ys = about.models.flatMap((model) => (model.s_thr_hz_per_na === null ? [] : [model.s_thr_hz_per_na]));
  if (xs.length === 0 || ys.length === 0) return undefined;
  const range = (values: number[]): [number, number] => {
    const low = Math.min(...values);
    const high = Math.max(...values);
    const room = MARGIN * (high - low || Math.abs(high) || 1);
    return [low - room, high + room];
  };
  return { x: range(xs), y: range(ys) };
}

function made<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Record<string, string | number>,
  text?: string,
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

export class LatentMap {
  private readonly svg: SVGSVGElement;
  private readonly mark: SVGGElement;
  private readonly members: SVGGElement;
  private x = 0;
  private y = 0;

  constructor(
    place: HTMLElement,
    private readonly about: About,
    private readonly plane: Plane,
    private readonly chosen: { place: (x: number, y: number) => void; model: (id: number) => void },
  ) {
    this.svg = made("svg", {
      viewBox: `0 0 ${SIZE.width} ${SIZE.height}`,
      role: "application",
      tabindex: 0,
      "aria-label": "Latent space. Arrow keys move the mark.",
    });
    this.members = made("g", { class: "members" });
    this.mark = made("g", { class: "mark" });
    this.mark.append(made("circle", { r: 7 }), made("path", { d: "M-11 0H11M0-11V11" }));
    this.svg.append(...this.axes(), this.hull(), ...about.models.map((model) => this.dot(model)), this.members, this.mark);
    place.replaceChildren(this.svg);
    this.listen();
  }

  /** Moves the mark. */
  set(x: number, y: number, is_used: boolean): void {
    this.x = x;
    this.y = y;
    this.mark.setAttribute("transform", `translate(${this.px(x)} ${this.py(y)})`);
    const is_outside = !isInside(this.about.hull, x, y);
    this.mark.setAttribute("class", `mark${is_outside ? " outside" : ""}${is_used ? "" : " unused"}`);
  }

  /** Shows where the members of an answer are. */
  setMembers(places: [number, number][]): void {
    this.members.replaceChildren(
      ...places.map(([x, y]) => made("circle", { cx: this.px(x), cy: this.py(y), r: 3.5 })),
    );
  }

  private px(x: number): number {
    const { left, right, width } = SIZE;
    return left + ((x - this.plane.x[0]) / (this.plane.x[1] - this.plane.x[0])) * (width - left - right);
  }

  private py(y: number): number {
    const { top, bottom, height } = SIZE;
    return height - bottom - ((y - this.plane.y[0]) / (this.plane.y[1] - this.plane.y[0])) * (height - top - bottom);
  }

  private axes(): SVGElement[] {
    const { left, right, top, bottom, width, height } = SIZE;
    const frame = made("rect", {
      class: "frame",
      x: left,
      y: top,
      width: width - left - right,
      height: height - top - bottom,
    });
    const ticks = (range: [number, number]): number[] => {
      const step = 10 ** Math.floor(Math.log10((range[1] - range[0]) / 2));
      const every = (range[1] - range[0]) / step > 6 ? 2 * step : step;
      const first = Math.ceil(range[0] / every);
      return Array.from({ length: Math.floor(range[1] / every) - first + 1 }, (_, idx) => (first + idx) * every);
    };
    const text = (value: number): string => String(Number(value.toPrecision(4)));
    return [
      frame,
      ...ticks(this.plane.x).map((x) =>
        made("text", { x: this.px(x), y: height - bottom + 16, "text-anchor": "middle" }, text(x)),
      ),
      ...ticks(this.plane.y).map((y) =>
        made("text", { x: left - 6, y: this.py(y) + 4, "text-anchor": "end" }, text(y)),
      ),
      made("text", { x: (left + width - right) / 2, y: height - 8, "text-anchor": "middle" }, "threshold current (nA)"),
      made(
        "text",
        { transform: `translate(13 ${(top + height - bottom) / 2}) rotate(-90)`, "text-anchor": "middle" },
        "F-I slope (Hz/nA)",
      ),
    ];
  }

  private hull(): SVGElement {
    const points = this.about.hull.map(([x, y]) => `${this.px(x)},${this.py(y)}`).join(" ");
    return made("polygon", { class: "hull", points });
  }

  private dot(model: Model): SVGElement {
    const dot = made("circle", {
      class: `model ${model.split}`,
      cx: this.px(model.i_thr_na ?? Number.NaN),
      cy: this.py(model.s_thr_hz_per_na ?? Number.NaN),
      r: model.split === "train" ? 2 : 3,
    });
    if (model.i_thr_na === null || model.s_thr_hz_per_na === null) dot.setAttribute("visibility", "hidden");
    dot.append(made("title", {}, `model ${model.id} (${model.split})`));
    return dot;
  }

  private listen(): void {
    let is_dragging = false;
    let has_moved = false;
    const place = (event: PointerEvent): [number, number] => {
      const box = this.svg.getBoundingClientRect();
      const px = ((event.clientX - box.left) / box.width) * SIZE.width;
      const py = ((event.clientY - box.top) / box.height) * SIZE.height;
      const { left, right, top, bottom, width, height } = SIZE;
      const across = (px - left) / (width - left - right);
      const up = (height - bottom - py) / (height - top - bottom);
      const within = (part: number, [low, high]: [number, number]): number =>
        low + Math.min(1, Math.max(0, part)) * (high - low);
      return [within(across, this.plane.x), within(up, this.plane.y)];
    };
    this.svg.addEventListener("pointerdown", (event) => {
      is_dragging = true;
      has_moved = false;
      this.svg.setPointerCapture(event.pointerId);
    });
    this.svg.addEventListener("pointermove", (event) => {
      if (!is_dragging) return;
      has_moved = true;
      this.chosen.place(...place(event));
    });
    this.svg.addEventListener("pointerup", (event) => {
      is_dragging = false;
      if (has_moved) return;
      const [x, y] = place(event);
      const model = this.nearest(x, y);
      if (model === undefined) this.chosen.place(x, y);
      else this.chosen.model(model.id);
    });
    this.svg.addEventListener("pointercancel", () => (is_dragging = false));
    this.svg.addEventListener("keydown", (event) => {
      const moves: Record<string, [number, number]> = {
        ArrowLeft: [-1, 0],
        ArrowRight: [1, 0],
        ArrowUp: [0, 1],
        ArrowDown: [0, -1],
      };
      const move = moves[event.key];
      if (move === undefined) return;
      event.preventDefault();
      const part = event.shiftKey ? KEY_STEP / 5 : KEY_STEP;
      const step = ([low, high]: [number, number]): number => part * (high - low);
      const within = (value: number, [low, high]: [number, number]): number => Math.min(high, Math.max(low, value));
      this.chosen.place(
        within(this.x + move[0] * step(this.plane.x), this.plane.x),
        within(this.y + move[1] * step(this.plane.y), this.plane.y),
      );
    });
  }

  private nearest(x: number, y: number): Model | undefined {
    let best: Model | undefined;
    let least = NEAR_PX;
    for (const model of this.about.models) {
      if (model.i_thr_na === null || model.s_thr_hz_per_na === null) continue;
      const away = Math.hypot(this.px(model.i_thr_na) - this.px(x), this.py(model.s_thr_hz_per_na) - this.py(y));
      if (away < least) [best, least] = [model, away];
    }
    return best;
  }
}
