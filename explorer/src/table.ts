// Features side by side: the ensemble, the neuron that stands out, the simulator, the recording.

import type { Feature, Means, Row } from "./api";
import { at } from "./statistics";

export interface Columns {
  rows: Row[];
  called: string;
  solved: Means | undefined;
  recorded: Means | null | undefined;
}

function cell(tag: "td" | "th", text: string, title = ""): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = text;
  if (title !== "") element.title = title;
  return element;
}

/** Three or four digits that matter. */
export function digits(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  return size >= 1000 ? value.toFixed(0) : size >= 100 ? value.toFixed(1) : size >= 1 ? value.toFixed(2) : value.toPrecision(3);
}

export function drawTable(head: HTMLElement, body: HTMLElement, features: Feature[], columns: Columns): void {
  const { rows, called, solved, recorded } = columns;
  const own = rows[0];
  const titles = ["feature", "unit"];
  if (rows.length > 1) titles.push(`${rows.length} neurons: median (10 to 90 %)`);
  if (own !== undefined) titles.push(called);
  if (solved !== undefined) titles.push("simulator");
  if (recorded !== undefined) titles.push("recording");
  head.replaceChildren(
    ...titles.map((title) => {
      const th = cell("th", title);
      th.setAttribute("scope", "col");
      return th;
    }),
  );
  body.replaceChildren(
    ...features.map((feature) => {
      const line = document.createElement("tr");
      const name = cell("th", feature.name, feature.sentence);
      name.setAttribute("scope", "row");
      line.append(name, cell("td", feature.unit));
      if (rows.length > 1) line.append(cell("td", spread(rows, feature.name)));
      if (own !== undefined) line.append(cell("td", digits(own.features[feature.name])));
      if (solved !== undefined) line.append(cell("td", digits(solved[feature.name])));
      if (recorded !== undefined) line.append(cell("td", digits(recorded?.[feature.name])));
      return line;
    }),
  );
}

function spread(rows: Row[], name: string): string {
  const values = rows.map((row) => row.features[name]).filter((value) => value !== null && value !== undefined);
  const ordered = values.sort((a, b) => a - b);
  if (ordered.length === 0) return "–";
  return `${digits(at(ordered, 0.5))} (${digits(at(ordered, 0.1))} to ${digits(at(ordered, 0.9))})`;
}
