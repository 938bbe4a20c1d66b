// What is shown: small enough to stand in the address, so that a link brings it back.

import type { About, Asked } from "./api";

export type Who = "first" | "hull" | "near" | "model" | "place";

export interface View {
  step_na: number;
  who: Who;
  n: number;
  model: number;
  radius: number;
  i_thr_na: number;
  s_thr_hz_per_na: number;
  seed: number;
}

/** Members of an ensemble at the start. */
const N_MEMBERS = 20;
const RATE_HZ = 30;

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** An ensemble at a current at which most of its neurons fire; the mark at the middle of the models. */
export function firstView(about: About): View {
  const known = about.models.filter((model) => model.i_thr_na !== null && model.s_thr_hz_per_na !== null);
  const i_thr_na = median(known.map((model) => model.i_thr_na!));
  const s_thr_hz_per_na = median(known.map((model) => model.s_thr_hz_per_na!));
  const above_na = s_thr_hz_per_na > 0 ? RATE_HZ / s_thr_hz_per_na : i_thr_na;
  return {
    step_na: Math.round(100 * (i_thr_na + above_na)) / 100,
    who: "first",
    n: Math.min(N_MEMBERS, about.models.length),
    model: about.models[0]?.id ?? 0,
    radius: 0.1,
    i_thr_na,
    s_thr_hz_per_na,
    seed: 1,
  };
}

export function membersOf(view: View): Asked {
  switch (view.who) {
    case "first":
      return { first: { n: view.n } };
    case "hull":
      return { hull: { n: view.n, seed: view.seed } };
    case "near":
      return { near: { model: view.model, radius: view.radius, n: view.n, seed: view.seed } };
    case "model":
      return { models: { ids: [view.model] } };
    case "place":
      return { place: { latents: { i_thr_na: view.i_thr_na, s_thr_hz_per_na: view.s_thr_hz_per_na } } };
  }
}

/** A few of the members, for what asks for many currents. */
export function fewOf(view: View, most: number): Asked {
  return membersOf({ ...view, n: Math.min(view.n, most) });
}

const NUMBERS = ["step_na", "n", "model", "radius", "i_thr_na", "s_thr_hz_per_na", "seed"] as const;
const WHO: readonly string[] = ["first", "hull", "near", "model", "place"];

/** The part of the address behind `#`: the operator by its hash, and what is asked of it. */
export function linkOf(operator: string, view: View): string {
  const words = new URLSearchParams({ operator, who: view.who });
  for (const name of NUMBERS) words.set(name, String(view[name]));
  return words.toString();
}

/** The operator of a link, by its hash. */
export function operatorOf(link: string): string | undefined {
  return new URLSearchParams(link.replace(/^#/, "")).get("operator") ?? undefined;
}

/** The view of a link; what it does not say, or says wrongly, stays. */
export function viewOf(link: string, base: View): View {
  const words = new URLSearchParams(link.replace(/^#/, ""));
  const view = { ...base };
  const who = words.get("who");
  if (who !== null && WHO.includes(who)) view.who = who as Who;
  for (const name of NUMBERS) {
    const text = words.get(name);
    const value = text === null || text === "" ? Number.NaN : Number(text);
    if (Number.isFinite(value)) view[name] = value;
  }
  return view;
}

/** Whether a place lies in the hull of the training models. */
export function isInside(hull: [number, number][], x: number, y: number): boolean {
  if (hull.length < 3) return true;
  let sign = 0;
  for (let corner = 0; corner < hull.length; corner++) {
    const [ax, ay] = hull[corner]!;
    const [bx, by] = hull[(corner + 1) % hull.length]!;
    const turn = Math.sign((bx - ax) * (y - ay) - (by - ay) * (x - ax));
    if (turn !== 0 && sign !== 0 && turn !== sign) return false;
    if (turn !== 0) sign = turn;
  }
  return true;
}
