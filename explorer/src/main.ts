// The page: what is asked stands in one view, and everything that is shown follows from it and from the program's answers.

import * as api from "./api";
import { LatentMap, planeOf, type Plane } from "./map";
import { CurvePlot, TracePlot, color, type Overlay } from "./plots";
import { drawTable } from "./table";
import { fewOf, firstView, linkOf, membersOf, operatorOf, viewOf, type View, type Who } from "./view";

/** Neurons and currents of the F-I curve. */
const CURVE = { n_members: 6, n_currents: 15, wait_ms: 200 };
/** Currents of the slider are multiples of this within the trained range. */
const STEPS_NA = 0.001;

function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found as T;
}

const status = element<HTMLParagraphElement>("status");

function say(words: string, state: "ready" | "busy" | "error"): void {
  status.textContent = words;
  status.dataset["state"] = state;
}

function sayError(error: unknown): void {
  say(error instanceof Error ? error.message : String(error), "error");
}

class Page {
  private view: View;
  private map: LatentMap | undefined;
  private plane: Plane | undefined;
  private readonly traces = new TracePlot(element("traces"));
  private readonly curve = new CurvePlot(element("curve"));
  private answer: api.Predicted | undefined;
  /** What the answer answers. */
  private answered: View | undefined;
  private solved: api.Solved | undefined;
  private recording: api.Recording | undefined;
  private sweep = 0;
  private is_asking = false;
  private is_stale = false;
  private asked_at = 0;
  private curve_timer = 0;

  /** `notice` stands among the warnings until another operator is shown. */
  constructor(
    private about: api.About,
    private notice: string,
  ) {
    this.view = notice === "" ? viewOf(location.hash, firstView(about)) : firstView(about);
    this.show(about);
    this.listen();
  }

  /** Another operator: everything about the old one goes. */
  private show(about: api.About): void {
    this.about = about;
    this.plane = planeOf(about);
    element("operator-name").textContent = `${about.name}: ${about.models.length} models · noble ${about.version}`;
    const low = Number((Math.ceil(about.step_na[0] / STEPS_NA) * STEPS_NA).toFixed(3));
    const high = Number((Math.floor(about.step_na[1] / STEPS_NA) * STEPS_NA).toFixed(3));
    this.range("step", low, high, STEPS_NA);
    const number = element<HTMLInputElement>("step-number");
    [number.min, number.max, number.step] = [String(low), String(high), String(STEPS_NA)];
    element<HTMLSelectElement>("model").replaceChildren(
      ...about.models.map((model) => new Option(`${model.id} (${model.split})`, String(model.id))),
    );
    element<HTMLInputElement>("members").max = String(Math.min(60, about.models.length));
    const place = element("map");
    this.map = undefined;
    place.replaceChildren("This operator has no threshold current or no F-I slope.");
    if (this.plane !== undefined) {
      this.map = new LatentMap(place, about, this.plane, {
        place: (x, y) => this.change({ who: "place", i_thr_na: x, s_thr_hz_per_na: y }),
        model: (id) => this.change({ who: "model", model: id }),
      });
      this.range("threshold", ...this.plane.x, (this.plane.x[1] - this.plane.x[0]) / 500);
      this.range("slope", ...this.plane.y, (this.plane.y[1] - this.plane.y[0]) / 500);
    }
    this.change({});
  }

  private range(id: string, low: number, high: number, step: number): void {
    const input = element<HTMLInputElement>(id);
    [input.min, input.max, input.step] = [String(low), String(high), String(step)];
  }

  private listen(): void {
    const number = (id: string, take: (value: number) => Partial<View>): void => {
      const input = element<HTMLInputElement>(id);
      input.addEventListener("input", () => {
        if (input.value !== "" && Number.isFinite(input.valueAsNumber)) this.change(take(input.valueAsNumber));
      });
    };
    number("step", (step_na) => ({ step_na }));
    number("step-number", (step_na) => ({ step_na }));
    number("members", (n) => (["model", "place"].includes(this.view.who) ? { n, who: "first" } : { n }));
    number("radius", (radius) => ({ radius }));
    number("threshold", (i_thr_na) => ({ who: "place", i_thr_na }));
    number("slope", (s_thr_hz_per_na) => ({ who: "place", s_thr_hz_per_na }));
    element<HTMLSelectElement>("who").addEventListener("change", (event) => {
      this.change({ who: (event.target as HTMLSelectElement).value as Who });
    });
    element<HTMLSelectElement>("model").addEventListener("change", (event) => {
      const model = Number((event.target as HTMLSelectElement).value);
      this.change(this.view.who === "near" ? { model } : { model, who: "model" });
    });
    element("solve").addEventListener("click", () => void this.solve());
    for (const format of ["svg", "csv", "npz"] as const) {
      element(`save-${format}`).addEventListener("click", () => void this.save(format));
    }
    element("link").addEventListener("click", () => void this.copyLink());
    this.file("operator-file", (file) => this.takeOperator(file));
    this.file("recording-file", (file) => this.takeRecording(file));
    this.dropZone();
    element<HTMLSelectElement>("sweep").addEventListener("change", (event) => {
      this.sweep = Number((event.target as HTMLSelectElement).value);
      this.draw();
    });
    element("forget").addEventListener("click", () => {
      this.recording = undefined;
      this.drawRecorded();
      this.draw();
    });
    addEventListener("hashchange", () => void this.follow(location.hash));
  }

  /** Another link in the same tab, perhaps of another operator. */
  private async follow(link: string): Promise<void> {
    if (link.slice(1) === linkOf(this.about.sha256, this.view)) return;
    try {
      const operator = operatorOf(link) ?? this.about.sha256;
      if (operator !== this.about.sha256) this.takeAbout(await api.about(operator));
      this.change(viewOf(link, this.view));
    } catch (error) {
      sayError(error);
    }
  }

  private takeAbout(about: api.About): void {
    this.notice = "";
    this.view = firstView(about);
    this.show(about);
  }

  private file(id: string, take: (file: File) => Promise<void>): void {
    const input = element<HTMLInputElement>(id);
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      if (file !== undefined) void take(file).finally(() => (input.value = ""));
    });
  }

  private dropZone(): void {
    const zone = element("drop");
    for (const name of ["dragenter", "dragover"]) {
      document.addEventListener(name, (event) => {
        event.preventDefault();
        zone.classList.add("over");
      });
    }
    for (const name of ["dragleave", "drop"]) {
      document.addEventListener(name, (event) => {
        event.preventDefault();
        zone.classList.remove("over");
      });
    }
    document.addEventListener("drop", (event) => {
      const file = event.dataTransfer?.files[0];
      if (file === undefined) return;
      void (file.name.endsWith(".safetensors") ? this.takeOperator(file) : this.takeRecording(file));
    });
  }

  /** Changes what is asked, and asks. */
  private change(change: Partial<View>): void {
    this.asked_at = performance.now();
    clearTimeout(this.curve_timer);
    this.view = { ...this.view, ...change };
    this.solved = undefined;
    this.drawControls();
    history.replaceState(null, "", `#${linkOf(this.about.sha256, this.view)}`);
    void this.ask();
  }

  /** One question at a time; what changed meanwhile is asked next, and nothing between. */
  private async ask(): Promise<void> {
    this.is_stale = true;
    if (this.is_asking) return;
    this.is_asking = true;
    while (this.is_stale) {
      this.is_stale = false;
      const [view, began] = [this.view, this.asked_at];
      try {
        this.answer = await api.predict(this.about.sha256, membersOf(view), view.step_na);
        this.answered = view;
        this.draw();
        this.report(view, performance.now() - began);
      } catch (error) {
        sayError(error);
      }
    }
    this.is_asking = false;
    this.askCurveSoon();
  }

  /** Once nothing is dragged any more. */
  private askCurveSoon(): void {
    clearTimeout(this.curve_timer);
    this.curve_timer = setTimeout(() => void this.askCurve(), CURVE.wait_ms);
  }

  private async askCurve(): Promise<void> {
    const { view } = this;
    try {
      const curve = await api.curve(this.about.sha256, fewOf(view, CURVE.n_members), CURVE.n_currents);
      if (view === this.view) this.curve.set(curve.current_na, curve.rates_hz);
    } catch (error) {
      if (!(error instanceof api.Superseded)) sayError(error);
      else if (view === this.view) this.askCurveSoon();
    }
  }

  private report(view: View, latency_ms: number): void {
    const rows = this.answer?.rows ?? [];
    const n_firing = rows.filter((row) => row.spike_times_ms.length > 0).length;
    const neurons = rows.length === 1 ? "1 neuron" : `${rows.length} neurons`;
    say(`${neurons} at ${view.step_na} nA in ${latency_ms.toFixed(0)} ms; ${n_firing} fire`, "ready");
    status.dataset["latencyMs"] = latency_ms.toFixed(1);
  }

  private drawControls(): void {
    const { view } = this;
    element<HTMLInputElement>("step").value = String(view.step_na);
    const number = element<HTMLInputElement>("step-number");
    if (document.activeElement !== number) number.value = String(view.step_na);
    element<HTMLSelectElement>("who").value = view.who;
    element<HTMLSelectElement>("model").value = String(view.model);
    element<HTMLInputElement>("members").value = String(view.n);
    element("members-number").textContent = String(view.n);
    element<HTMLInputElement>("radius").value = String(view.radius);
    element("radius-number").textContent = `${view.radius} of the range`;
    element<HTMLInputElement>("threshold").value = String(view.i_thr_na);
    element("threshold-number").textContent = `${(1000 * view.i_thr_na).toFixed(2)} pA`;
    element<HTMLInputElement>("slope").value = String(view.s_thr_hz_per_na);
    element("slope-number").textContent = `${view.s_thr_hz_per_na.toFixed(1)} Hz/nA`;
    for (const part of document.querySelectorAll<HTMLElement>("[data-who]")) {
      part.hidden = !part.dataset["who"]!.split(" ").includes(view.who);
    }
    this.map?.set(view.i_thr_na, view.s_thr_hz_per_na, view.who === "place");
    this.drawSolve();
  }

  private drawSolve(): void {
    const model = this.about.models.find((one) => one.id === this.solvableId());
    element<HTMLButtonElement>("solve").disabled = model === undefined || !model.is_solvable;
  }

  /** The model that the simulator would solve: the one asked for, or the first of the ensemble. */
  private solvableId(): number | undefined {
    if (this.view.who === "model") return this.view.model;
    const is_answered = this.view.who === "first" && this.answered?.who === "first";
    return is_answered ? (this.answer?.rows[0]?.model ?? undefined) : undefined;
  }

  private draw(): void {
    const { answer, about } = this;
    if (answer === undefined) return;
    const time_ms = Float64Array.from({ length: about.n_samples }, (_, idx) => about.start_ms + idx * about.dt_ms);
    this.traces.set({ time_ms, members: answer.traces, overlays: this.overlays(time_ms) });
    drawTable(element("table-head"), element("table-body"), about.features, {
      rows: answer.rows,
      called: this.called(),
      solved: this.solved?.features,
      recorded: this.recording?.sweeps[this.sweep]?.features,
    });
    this.map?.setMembers(
      answer.rows.flatMap((row): [number, number][] => {
        const { i_thr_na, s_thr_hz_per_na } = row.latents;
        return i_thr_na === undefined || s_thr_hz_per_na === undefined ? [] : [[i_thr_na, s_thr_hz_per_na]];
      }),
    );
    this.drawLegend();
    this.drawWarnings();
    this.drawSolve();
  }

  /** The neuron that stands out, in words. */
  private called(): string {
    return this.view.who === "place" ? "neuron at the mark" : `neuron ${this.answer?.rows[0]?.model ?? ""}`;
  }

  private overlays(time_ms: Float64Array): Overlay[] {
    const overlays: Overlay[] = [];
    if (this.solved !== undefined) {
      overlays.push({
        label: "simulator",
        color: color("solved"),
        time_ms: Float32Array.from(time_ms),
        v_mv: this.solved.trace,
      });
    }
    const sweep = this.recording?.sweeps[this.sweep];
    if (sweep !== undefined) {
      const shift_ms = this.about.delay_ms - (sweep.stim_start_ms ?? this.about.delay_ms);
      const end_ms = time_ms[time_ms.length - 1] ?? 0;
      const shown = [...sweep.time_ms.keys()].filter((idx) => {
        const t_ms = sweep.time_ms[idx]! + shift_ms;
        return t_ms >= this.about.start_ms && t_ms <= end_ms;
      });
      overlays.push({
        label: "recording",
        color: color("recorded"),
        time_ms: Float32Array.from(shown, (idx) => sweep.time_ms[idx]! + shift_ms),
        v_mv: Float32Array.from(shown, (idx) => sweep.v_mv[idx]!),
      });
    }
    return overlays;
  }

  private drawLegend(): void {
    const rows = this.answer?.rows ?? [];
    const entries: [string, string][] = [["predicted", `${this.called()}, predicted`]];
    if (rows.length >= 5) entries.push(["median", "median"], ["band", "10 to 90 %"]);
    if (this.solved !== undefined) {
      const { solved_ms, predicted_ms } = this.solved;
      const ratio = solved_ms / predicted_ms;
      entries.push([
        "solved",
        `simulator: ${solved_ms.toFixed(0)} ms, ${ratio.toFixed(1)} times the operator's ${predicted_ms.toFixed(1)} ms`,
      ]);
    }
    const sweep = this.recording?.sweeps[this.sweep];
    if (sweep !== undefined) entries.push(["recorded", `recording, ${sweep.name}`]);
    element("legend").replaceChildren(
      ...entries.map(([name, text]) => {
        const entry = document.createElement("li");
        const swatch = document.createElement("span");
        swatch.className = `swatch ${name}`;
        entry.append(swatch, text);
        return entry;
      }),
    );
  }

  private drawWarnings(): void {
    const warnings = new Set(this.answer?.rows.flatMap((row) => row.warnings) ?? []);
    if (this.notice !== "") warnings.add(this.notice);
    for (const warning of this.recording?.sweeps[this.sweep]?.warnings ?? []) warnings.add(`recording: ${warning}`);
    element("warnings").replaceChildren(
      ...[...warnings].map((warning) => {
        const entry = document.createElement("li");
        entry.textContent = warning;
        return entry;
      }),
    );
  }

  private async solve(): Promise<void> {
    const id = this.solvableId();
    if (id === undefined) return;
    const { view } = this;
    say(`the simulator solves model ${id} …`, "busy");
    try {
      const solved = await api.solve(this.about.sha256, id, view.step_na);
      if (view !== this.view) return;
      this.solved = solved;
      this.draw();
      say(`model ${id} solved in ${solved.solved_ms.toFixed(0)} ms`, "ready");
    } catch (error) {
      sayError(error);
    }
  }

  private async save(format: "csv" | "svg" | "npz"): Promise<void> {
    try {
      const blob = await api.exported(format, this.about.sha256, membersOf(this.view), this.view.step_na);
      const anchor = document.createElement("a");
      anchor.href = URL.createObjectURL(blob);
      anchor.download = `ensemble.${format}`;
      anchor.click();
      setTimeout(() => URL.revokeObjectURL(anchor.href), 10_000);
      say(`ensemble.${format} saved`, "ready");
    } catch (error) {
      sayError(error);
    }
  }

  private async copyLink(): Promise<void> {
    try {
      await navigator.clipboard.writeText(location.href);
      say("link copied", "ready");
    } catch {
      say(`copy the address of this page: ${location.href}`, "ready");
    }
  }

  private async takeOperator(file: File): Promise<void> {
    say(`reading ${file.name} …`, "busy");
    try {
      this.takeAbout(await api.operatorOf(file));
    } catch (error) {
      sayError(error);
    }
  }

  private async takeRecording(file: File): Promise<void> {
    say(`reading ${file.name} …`, "busy");
    try {
      this.recording = await api.recording(file);
      const strongest = this.recording.sweeps.map((sweep) => sweep.step_na ?? Number.NEGATIVE_INFINITY);
      this.sweep = Math.max(0, strongest.indexOf(Math.max(...strongest)));
      this.drawRecorded();
      this.draw();
      say(`${file.name}: ${this.recording.n_sweeps} sweeps (${this.recording.format})`, "ready");
    } catch (error) {
      sayError(error);
    }
  }

  private drawRecorded(): void {
    const { recording } = this;
    element("recorded").hidden = recording === undefined;
    if (recording === undefined) return;
    const select = element<HTMLSelectElement>("sweep");
    select.replaceChildren(
      ...recording.sweeps.map((sweep, idx) => {
        const step = sweep.step_na === null ? "" : `, ${Number(sweep.step_na.toPrecision(4))} nA`;
        return new Option(`${sweep.name}${step}`, String(idx));
      }),
    );
    select.value = String(this.sweep);
    const more = recording.n_sweeps - recording.sweeps.length;
    const notes = [...recording.notes, ...recording.refused];
    if (more > 0) notes.push(`${more} more sweeps are not shown`);
    element("recorded-notes").textContent = [recording.name, ...notes].join(" · ");
  }
}

/** The page of the link's operator, or of the first where that is not loaded. */
async function start(): Promise<void> {
  const operator = operatorOf(location.hash);
  try {
    new Page(await api.about(operator), "");
  } catch (error) {
    if (operator === undefined) throw error;
    new Page(await api.about(), "the link is of another operator, which is not loaded here: choose its file, then follow the link");
  }
}

start().catch(sayError);
