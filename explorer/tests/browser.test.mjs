// The page in a browser, driven as a user drives it, against the real program.
//
// NOBLE_BINARY names the program (default ../target/debug/noble), CHROMIUM the browser (default /usr/bin/chromium),
// SCREENSHOTS a folder to leave pictures in.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BINARY = resolve(process.env.NOBLE_BINARY ?? join(ROOT, "target/debug/noble"));
const BROWSER = process.env.CHROMIUM ?? "/usr/bin/chromium";
const RECORDING = join(ROOT, "reference/recordings/firing/firing.abf");
/** What a slow machine may take. */
const PATIENCE_MS = 60_000;

let folder, server, address, browser;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "noble-explorer-"));
  server = spawn(BINARY, ["explore", "--no-open"], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  address = await new Promise((found, failed) => {
    server.once("error", failed);
    server.stderr.once("data", (text) => found(String(text).split(" ")[0].trim()));
  });
  browser = await chromium.launch({
    executablePath: BROWSER,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--no-first-run"],
  });
});

after(async () => {
  await browser?.close();
  server?.kill("SIGINT");
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

/** A page that has drawn its first answer; errors of the console fail the test. */
async function opened(options = {}, hash = "") {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const errors = [];
  // A curve that is left for a newer question is answered so.
  page.on("console", (message) => message.type() === "error" && !message.text().includes("409") && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(address + hash);
  await page.waitForFunction(() => document.querySelector("#status").dataset.latencyMs !== undefined);
  return { page, context, errors };
}

async function settled(page, act, text) {
  await act();
  await page.waitForFunction((text) => document.querySelector("#status").textContent.includes(text), text);
}

async function pictured(page, name) {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`), fullPage: true });
}

const slide = (page, id, value) =>
  page.locator(`#${id}`).evaluate((input, value) => {
    input.value = String(value);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }, value);

test("an ensemble is there at once, and follows the current", async () => {
  const { page, context, errors } = await opened();
  assert.match(await page.locator("#status").textContent(), /20 neurons at .* nA in \d+ ms/);
  assert.match(await page.locator("#table-body").textContent(), /Spikecount/);
  await page.waitForTimeout(500);
  await pictured(page, "light");
  await settled(page, () => slide(page, "step", 0.2), "at 0.2 nA");
  await settled(page, () => page.locator("#step-number").fill("-0.1"), "at -0.1 nA");
  assert.match(await page.locator("#status").textContent(), /; 0 fire/);
  await settled(page, () => slide(page, "members", 5), "5 neurons");
  assert.deepEqual(errors, []);
  await context.close();
});

test("a drag asks no more than one question at a time", async () => {
  const { page, context, errors } = await opened();
  const latencies = [];
  for (let idx = 0; idx < 20; idx++) {
    const step = (0.1 + 0.005 * idx).toFixed(3);
    await settled(page, () => slide(page, "step", step), `at ${Number(step)} nA`);
    await page.waitForTimeout(100);
    latencies.push(Number(await page.locator("#status").getAttribute("data-latency-ms")));
  }
  latencies.sort((a, b) => a - b);
  console.log(`slider of 20 neurons: median ${latencies[10].toFixed(0)} ms, most ${latencies[19].toFixed(0)} ms`);
  await page.evaluate(() => {
    const slider = document.querySelector("#step");
    for (let idx = 0; idx <= 100; idx++) {
      slider.value = String(0.001 * idx);
      slider.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
  await page.waitForFunction(() => document.querySelector("#status").textContent.includes("at 0.1 nA"));
  assert.deepEqual(errors, []);
  await context.close();
});

test("the mark moves by pointer and keys, and says when it is outside", async () => {
  const { page, context, errors } = await opened();
  const map = page.locator("#map svg");
  const box = await map.boundingBox();
  const at = (x, y) => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(0.5, 0.45));
  await page.mouse.down();
  await page.mouse.move(...at(0.52, 0.46));
  await page.mouse.move(...at(0.9, 0.1));
  await page.mouse.up();
  await page.waitForFunction(() => document.querySelector("#warnings").textContent.includes("outside of the convex hull"));
  assert.equal(await page.locator("#who").inputValue(), "place");
  await pictured(page, "outside");
  const before = await page.locator("#threshold").inputValue();
  await map.focus();
  await settled(page, () => page.keyboard.press("ArrowLeft"), "1 neuron at");
  await page.waitForFunction((before) => document.querySelector("#threshold").value !== before, before);
  assert.deepEqual(errors, []);
  await context.close();
});

test("a model is chosen and solved", async () => {
  const { page, context, errors } = await opened();
  await settled(page, () => page.locator("#who").selectOption("model"), "1 neuron at");
  await settled(page, () => page.locator("#solve").click(), "solved in");
  assert.match(await page.locator("#legend").textContent(), /simulator: .* times the operator's/);
  assert.match(await page.locator("#table-head").textContent(), /simulator/);
  await pictured(page, "solved");
  assert.deepEqual(errors, []);
  await context.close();
});

test("a recording is laid beside the neurons, and a bad one is refused in words", async () => {
  const { page, context, errors } = await opened();
  await settled(page, () => page.locator("#recording-file").setInputFiles(RECORDING), "firing.abf:");
  assert.match(await page.locator("#table-head").textContent(), /recording/);
  assert.ok((await page.locator("#sweep option").count()) > 0);
  await pictured(page, "recording");
  const bad = join(folder, "bad.abf");
  writeFileSync(bad, readFileSync(RECORDING).subarray(0, 700));
  await page.locator("#recording-file").setInputFiles(bad);
  await page.waitForFunction(() => document.querySelector("#status").dataset.state === "error");
  assert.match(await page.locator("#status").textContent(), /bad\.abf/);
  await settled(page, () => slide(page, "step", 0.2), "at 0.2 nA");
  // A refusal is an answer of the server, which the console names.
  assert.ok(errors.every((error) => /40[09]/.test(error)), errors.join("\n"));
  await context.close();
});

test("a file is dropped", async () => {
  const { page, context, errors } = await opened();
  const content = readFileSync(RECORDING).toString("base64");
  await page.evaluate((content) => {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], "dropped.abf"));
    document.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }, content);
  await page.waitForFunction(() => document.querySelector("#status").textContent.includes("dropped.abf:"));
  assert.deepEqual(errors, []);
  await context.close();
});

test("what is shown is saved", async () => {
  const { page, context, errors } = await opened();
  for (const [format, start] of [["svg", "<svg"], ["csv", "model,"], ["npz", "PK"]]) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator(`#save-${format}`).click()]);
    assert.equal(download.suggestedFilename(), `ensemble.${format}`);
    assert.ok(readFileSync(await download.path()).subarray(0, 20).toString("latin1").startsWith(start));
  }
  assert.deepEqual(errors, []);
  await context.close();
});

test("a link brings the view back, and two tabs do not mix", async () => {
  const first = await opened();
  await settled(first.page, () => slide(first.page, "step", 0.12), "at 0.12 nA");
  await settled(first.page, () => page_who(first.page, "hull"), "20 neurons");
  const second = await opened({}, new URL(first.page.url()).hash);
  assert.equal(await second.page.locator("#who").inputValue(), "hull");
  assert.equal(await second.page.locator("#step-number").inputValue(), "0.12");
  await settled(second.page, () => slide(second.page, "step", 0.2), "at 0.2 nA");
  assert.equal(await first.page.locator("#step-number").inputValue(), "0.12");
  const broken = await opened({}, "#who=nobody&step_na=much&n=1e999");
  assert.match(await broken.page.locator("#status").textContent(), /neurons at/);
  assert.deepEqual([...first.errors, ...second.errors, ...broken.errors], []);
  await Promise.all([first, second, broken].map(({ context }) => context.close()));
});

test("a link of another operator says so, and does not show its view of this one", async () => {
  const { page, context } = await opened({}, `#operator=${"0".repeat(64)}&who=hull&step_na=0.2`);
  assert.match(await page.locator("#warnings").textContent(), /the link is of another operator/);
  assert.equal(await page.locator("#who").inputValue(), "first");
  await context.close();
});

const page_who = (page, who) => page.locator("#who").selectOption(who);

test("an operator is chosen by its file", async () => {
  const { page, context, errors } = await opened();
  const own = join(ROOT, "crates/noble/assets/fast_spiking.operator.safetensors");
  await page.locator("#operator-file").setInputFiles(own);
  await page.waitForFunction(() => document.querySelector("#operator-name").textContent.startsWith("fast_spiking"));
  assert.deepEqual(errors, []);
  await context.close();
});

test("narrow and dark", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const { page, context, errors } = await opened({ viewport: { width: 390, height: 844 }, colorScheme });
    const widest = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(widest <= 390, `the page is ${widest} pixels wide`);
    await page.waitForTimeout(500);
    await pictured(page, `narrow-${colorScheme}`);
    assert.deepEqual(errors, []);
    await context.close();
  }
});

test("every control has a name, and all are reached by keys", async () => {
  const { page, context } = await opened();
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll("input, select, button")]
      .filter((one) => !(one.labels?.length || one.textContent.trim() || one.getAttribute("aria-label")))
      .map((one) => one.id),
  );
  assert.deepEqual(nameless, []);
  const reached = new Set();
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement.id || document.activeElement.tagName));
  }
  for (const id of ["step", "step-number", "who", "members", "threshold", "slope", "svg", "solve", "save-svg", "link", "recording-file"]) {
    assert.ok(reached.has(id), `${id} is not reached: ${[...reached].join(" ")}`);
  }
  await context.close();
});
