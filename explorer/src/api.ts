// Questions to the program, and its answers. Nothing is computed here.

export type Split = "train" | "validation" | "test";

export interface Model {
  id: number;
  split: Split;
  i_thr_na: number | null;
  s_thr_hz_per_na: number | null;
  is_solvable: boolean;
}

export interface Feature {
  name: string;
  unit: string;
  sentence: string;
}

export interface About {
  version: string;
  name: string;
  sha256: string;
  step_na: [number, number];
  delay_ms: number;
  duration_ms: number;
  start_ms: number;
  dt_ms: number;
  n_samples: number;
  hull: [number, number][];
  models: Model[];
  latents: Record<string, [number, number]>;
  features: Feature[];
}

export type Asked =
  | { first: { n: number } }
  | { models: { ids: number[] } }
  | { place: { latents: Record<string, number> } }
  | { hull: { n: number; seed: number } }
  | { near: { model: number; radius: number; n: number; seed: number } };

export type Means = Record<string, number | null>;

export interface Row {
  model: number;
  step_na: number;
  latents: Record<string, number>;
  features: Means;
  spike_times_ms: number[];
  warnings: string[];
}

export interface Predicted {
  rows: Row[];
  rates_hz: number[];
  n_samples: number;
  elapsed_ms: number;
  traces: Float32Array[];
}

export interface Curve {
  current_na: number[];
  rates_hz: number[][];
}

export interface Solved {
  model: number;
  step_na: number;
  features: Means;
  solved_ms: number;
  predicted_ms: number;
  trace: Float32Array;
}

export interface RecordedSweep {
  name: string;
  step_na: number | null;
  stim_start_ms: number | null;
  stim_end_ms: number | null;
  features: Means | null;
  warnings: string[];
  notes: string[];
  time_ms: Float32Array;
  v_mv: Float32Array;
}

export interface Recording {
  name: string;
  format: string;
  n_sweeps: number;
  sweeps: RecordedSweep[];
  notes: string[];
  refused: string[];
}

/** What went wrong, in the program's words. */
export class Refusal extends Error {}

/** The program left a long question for a newer one. */
export class Superseded extends Refusal {}

async function checked(response: Response): Promise<Response> {
  if (response.ok) return response;
  const words = await response.text();
  let what = `${response.status} ${response.statusText}`;
  try {
    what = (JSON.parse(words) as { error: string }).error;
  } catch {
    if (words !== "") what = words;
  }
  throw response.status === 409 ? new Superseded(what) : new Refusal(what);
}

async function sent(path: string, type: string, body: string | Blob): Promise<Response> {
  try {
    return await checked(await fetch(path, { method: "POST", headers: { "Content-Type": type }, body }));
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal("the program does not answer; is it still running?");
  }
}

const asked = (path: string, question: object): Promise<Response> =>
  sent(path, "application/json", JSON.stringify(question));

/** What the program takes. */
const LARGEST_FILE_BYTES = 64 * 2 ** 20;

const given = (path: string, file: File): Promise<Response> => {
  if (file.size > LARGEST_FILE_BYTES) throw new Refusal(`${file.name} has more than 64 MiB; choose a smaller file`);
  return sent(`${path}?name=${encodeURIComponent(file.name)}`, "application/octet-stream", file);
};

/** Header and samples of a binary answer. */
async function parts<T>(response: Response): Promise<[T, Float32Array]> {
  const bytes = await response.arrayBuffer();
  const n = new DataView(bytes).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, n))) as T;
  return [header, new Float32Array(bytes, 4 + n)];
}

/** Of an operator by its hash, or of the first. */
export async function about(operator?: string): Promise<About> {
  const which = operator === undefined ? "" : `?${new URLSearchParams({ operator })}`;
  return (await (await checked(await fetch(`/api/about${which}`))).json()) as About;
}

export async function predict(operator: string, members: Asked, step_na: number): Promise<Predicted> {
  const response = await asked("/api/predict", { operator, members, step_na: [step_na] });
  const [header, samples] = await parts<Omit<Predicted, "traces">>(response);
  const n = header.n_samples;
  return { ...header, traces: header.rows.map((_, row) => samples.subarray(row * n, (row + 1) * n)) };
}

export async function curve(operator: string, members: Asked, n_currents: number): Promise<Curve> {
  return (await (await asked("/api/fi", { operator, members, n_currents })).json()) as Curve;
}

export async function solve(operator: string, model: number, step_na: number): Promise<Solved> {
  const [header, trace] = await parts<Omit<Solved, "trace">>(await asked("/api/solve", { operator, model, step_na }));
  return { ...header, trace };
}

export async function exported(
  format: "csv" | "svg" | "npz",
  operator: string,
  members: Asked,
  step_na: number,
): Promise<Blob> {
  return (await asked(`/api/export/${format}`, { operator, members, step_na: [step_na] })).blob();
}

type Described = Omit<RecordedSweep, "time_ms" | "v_mv"> & { n_points: number };

export async function recording(file: File): Promise<Recording> {
  const response = await given("/api/recording", file);
  const [header, samples] = await parts<Omit<Recording, "sweeps"> & { sweeps: Described[] }>(response);
  let first = 0;
  const sweeps = header.sweeps.map(({ n_points, ...sweep }) => {
    const pairs = samples.subarray(first, first + 2 * n_points);
    first += 2 * n_points;
    const time_ms = new Float32Array(n_points);
    const v_mv = new Float32Array(n_points);
    for (let point = 0; point < n_points; point++) {
      time_ms[point] = pairs[2 * point]!;
      v_mv[point] = pairs[2 * point + 1]!;
    }
    return { ...sweep, time_ms, v_mv };
  });
  return { ...header, sweeps };
}

export async function operatorOf(file: File): Promise<About> {
  return (await (await given("/api/operator", file)).json()) as About;
}
