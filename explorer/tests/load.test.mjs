// A thousand good and bad requests from another process: none is lost, nothing falls over, memory stays bounded.
//
// NOBLE_BINARY names the program (default ../target/debug/noble).
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BINARY = resolve(process.env.NOBLE_BINARY ?? join(ROOT, "target/debug/noble"));
const RECORDING = readFileSync(join(ROOT, "reference/recordings/firing/firing.abf"));
const N_REQUESTS = 1000;
const N_AT_ONCE = 8;
/** Two answers of twenty members, and what the allocator keeps. // [kB] */
const GROWTH_KB = 150_000;

const ask = (members, step_na) => Buffer.from(JSON.stringify({ members, step_na: [step_na] }));
const JSON_TYPE = { "Content-Type": "application/json" };
const BINARY_TYPE = { "Content-Type": "application/octet-stream" };

/** Path, headers, body, and the status that is right. */
const KINDS = [
  ["/api/predict", JSON_TYPE, ask({ first: { n: 2 } }, 0.1), [200]],
  ["/api/predict", JSON_TYPE, ask({ hull: { n: 2, seed: 1 } }, 0.2), [200]],
  ["/api/predict", JSON_TYPE, Buffer.from("{"), [400]],
  ["/api/predict", JSON_TYPE, ask({ models: { ids: [999_999] } }, 0.1), [400]],
  ["/api/predict", { ...JSON_TYPE, Origin: "http://evil.example" }, ask({ first: { n: 1 } }, 0.1), [403]],
  ["/api/predict", { "Content-Type": "text/plain" }, Buffer.from("{}"), [415]],
  ["/api/fi", JSON_TYPE, Buffer.from('{"members": {"first": {"n": 1}}, "n_currents": 3}'), [200, 409]],
  ["/api/recording?name=a.abf", BINARY_TYPE, RECORDING, [200]],
  ["/api/recording?name=a.abf", BINARY_TYPE, RECORDING.subarray(0, 900), [400]],
  ["/api/recording?name=../../etc/passwd", BINARY_TYPE, Buffer.from("x"), [400]],
  ["/api/nothing", JSON_TYPE, Buffer.from("{}"), [404]],
];

function sent(port, agent, [path, headers, body]) {
  return new Promise((done, failed) => {
    const one = request({ port, agent, path, method: "POST", headers: { ...headers, "Content-Length": body.length } });
    one.on("response", (response) => {
      response.on("data", () => {});
      response.on("end", () => done(response.statusCode));
      response.on("error", failed);
    });
    one.on("error", failed);
    one.end(body);
  });
}

/** A client that goes away in the middle of its request, or of its answer. */
function abandoned(port, text) {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text, () => setTimeout(() => done(socket.destroy()), 5)));
    socket.on("error", () => done());
  });
}

const resident_kb = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);

test("a thousand mixed requests lose nothing", async () => {
  const server = spawn(BINARY, ["explore", "--no-open"], { cwd: tmpdir(), stdio: ["ignore", "ignore", "pipe"] });
  try {
    const address = await new Promise((found, failed) => {
      server.once("error", failed);
      server.stderr.once("data", (text) => found(String(text).split(" ")[0].trim()));
    });
    const { port } = new URL(address);
    const agent = new Agent({ keepAlive: true, maxSockets: N_AT_ONCE });
    for (const kind of KINDS) await sent(port, agent, kind);
    const before = resident_kb(server.pid);
    let next = 0;
    const counts = {};
    const client = async () => {
      while (next < N_REQUESTS) {
        const kind = KINDS[next++ % KINDS.length];
        const status = await sent(port, agent, kind);
        assert.ok(kind[3].includes(status), `${kind[0]}: ${status}`);
        counts[status] = (counts[status] ?? 0) + 1;
        if (next % 50 === 0) await abandoned(port, `POST /api/predict HTTP/1.1\r\nHost: localhost:${port}\r\n`);
        if (next % 50 === 25) {
          const body = ask({ first: { n: 20 } }, 0.15);
          const head = `Host: localhost:${port}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
          await abandoned(port, `POST /api/predict HTTP/1.1\r\n${head}\r\n\r\n${body}`);
        }
      }
    };
    await Promise.all(Array.from({ length: N_AT_ONCE }, client));
    const after = resident_kb(server.pid);
    console.log(`${N_REQUESTS} requests: ${JSON.stringify(counts)}; resident ${before} kB before, ${after} kB after`);
    assert.equal(Object.values(counts).reduce((sum, count) => sum + count, 0), N_REQUESTS);
    assert.ok(after - before < GROWTH_KB, `${after - before} kB more`);
    assert.equal(server.exitCode, null);
    agent.destroy();
  } finally {
    server.kill("SIGINT");
  }
});
