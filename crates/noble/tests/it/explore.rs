//! The page's server: answers, refusals, and staying up.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use noble_data::Sweeps;
use serde_json::{Value, json};

use crate::command::{Folder, bytes};

/// A running `noble explore`; ended with the test.
struct Server {
    child: Child,
    host: String,
}

struct Response {
    status: u16,
    headers: String,
    body: Vec<u8>,
}

impl Response {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Header and samples of a binary answer.
    fn parts(&self) -> (Value, Vec<f32>) {
        let len = u32::from_le_bytes(self.body[..4].try_into().unwrap()) as usize;
        let samples =
            self.body[4 + len..].chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap()));
        (serde_json::from_slice(&self.body[4..4 + len]).unwrap(), samples.collect())
    }

    fn refusal(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self.json()["error"].as_str().unwrap().to_owned()
    }
}

impl Server {
    fn start(folder: &Folder) -> Self {
        let mut child = folder.command("explore --no-open").spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut first).unwrap();
        let host = first
            .strip_prefix("http://")
            .and_then(|rest| rest.split('/').next())
            .unwrap_or_else(|| panic!("{first}"));
        Self { host: host.to_owned(), child }
    }

    fn raw(&self, request: &[u8]) -> Response {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        // A server that refuses a body may close before all of it was sent.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer with headers");
        let headers = String::from_utf8(answer[..end].to_vec()).unwrap().to_lowercase();
        let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
        Response { status, headers, body: answer[end + 4..].to_vec() }
    }

    fn get(&self, path: &str) -> Response {
        self.raw(
            format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.host).as_bytes(),
        )
    }

    fn post_as(&self, path: &str, headers: &str, body: &[u8]) -> Response {
        let (host, n) = (&self.host, body.len());
        let head =
            format!("POST {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {n}\r\n{headers}\r\n");
        let head = if headers.contains("Host:") {
            head
        } else {
            head.replacen("\r\n", &format!("\r\nHost: {host}\r\n"), 1)
        };
        self.raw(&[head.as_bytes(), body].concat())
    }

    fn ask(&self, path: &str, question: &Value) -> Response {
        self.post_as(path, "Content-Type: application/json\r\n", question.to_string().as_bytes())
    }

    fn give(&self, path: &str, body: &[u8]) -> Response {
        self.post_as(path, "Content-Type: application/octet-stream\r\n", body)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn invariant_the_page_answers_with_the_bits_of_predict() {
    let folder = Folder::new("explore");
    folder.done("predict --members 3 --step-na=0.1 --out out");
    let expected = Sweeps::from_npz(&bytes(&folder.path("out/ensemble.npz"))).unwrap();
    let server = Server::start(&folder);
    let page = server.get("/");
    assert_eq!(page.status, 200);
    assert!(page.headers.contains("content-security-policy: default-src 'none'"), "{}", page.headers);
    let about = server.get("/api/about").json();
    assert_eq!(about["models"].as_array().unwrap().len(), 660);
    let question = json!({ "members": { "first": { "n": 3 } }, "step_na": [0.1] });
    let (header, samples) = server.ask("/api/predict", &question).parts();
    let rows = header["rows"].as_array().unwrap();
    let models: Vec<u64> = rows.iter().map(|row| row["model"].as_u64().unwrap()).collect();
    assert_eq!(models, expected.models.clone().unwrap().iter().map(|id| u64::from(*id)).collect::<Vec<_>>());
    #[expect(clippy::cast_possible_truncation, reason = "they came as single precision")]
    let same = samples.iter().zip(expected.v_mv.iter()).all(|(a, b)| a.to_bits() == (*b as f32).to_bits());
    assert!(same && samples.len() == expected.v_mv.len());
    assert_eq!(server.ask("/api/export/npz", &question).body, bytes(&folder.path("out/ensemble.npz")));
    let svg = server.ask("/api/export/svg", &question);
    assert!(svg.headers.contains("attachment") && svg.body.starts_with(b"<svg"));
    let csv = server.ask("/api/export/csv", &question).body;
    assert_eq!(String::from_utf8(csv).unwrap().lines().count(), 4);
}

#[test]
fn invariant_the_page_solves_and_reads_recordings() {
    let folder = Folder::new("explore-solve");
    let server = Server::start(&folder);
    let model = server.get("/api/about").json()["models"][0]["id"].clone();
    let (header, samples) = server.ask("/api/solve", &json!({ "model": model, "step_na": 0.15 })).parts();
    assert!(header["solved_ms"].as_f64().unwrap() > 0.0);
    let members = json!({ "models": { "ids": [model] } });
    let (predicted, voltages) =
        server.ask("/api/predict", &json!({ "members": members, "step_na": [0.15] })).parts();
    let count = |features: &Value| features["Spikecount"].as_f64().unwrap();
    assert!((count(&header["features"]) - count(&predicted["rows"][0]["features"])).abs() <= 2.0);
    assert_eq!(samples.len(), voltages.len());
    let curve = server.ask("/api/fi", &json!({ "members": members, "n_currents": 5 })).json();
    assert_eq!(curve["rates_hz"][0].as_array().unwrap().len(), 5);

    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reference/recordings/firing/firing.abf");
    let (header, points) = server.give("/api/recording?name=firing.abf", &bytes(&root)).parts();
    let sweeps = header["sweeps"].as_array().unwrap();
    assert!(!sweeps.is_empty());
    let n_points: u64 = sweeps.iter().map(|sweep| sweep["n_points"].as_u64().unwrap()).sum();
    assert_eq!(points.len() as u64, 2 * n_points);
    assert!(sweeps.iter().any(|sweep| sweep["features"]["Spikecount"].as_f64().unwrap_or(0.0) > 0.0));
    assert_eq!(folder.names(), Vec::<String>::new(), "nothing is written");
}

#[test]
fn invariant_bad_requests_are_refused_in_words_and_the_server_stays_up() {
    let folder = Folder::new("explore-bad");
    let server = Server::start(&folder);
    let check = |question: Value, text: &str| {
        let refusal = server.ask("/api/predict", &question).refusal(400);
        assert!(refusal.contains(text), "{question}: {refusal}");
    };
    let members = || json!({ "first": { "n": 1 } });
    check(json!({}), "members");
    check(json!({ "members": members() }), "step_na");
    check(json!({ "members": members(), "step_na": [] }), "no finite current");
    check(json!({ "members": members(), "step_na": [0.1], "more": 1 }), "more");
    check(json!({ "members": { "first": { "n": 0 } }, "step_na": [0.1] }), "0 members");
    check(json!({ "members": { "first": { "n": 1_000_000 } }, "step_na": [0.1] }), "1000000 members");
    check(json!({ "members": { "models": { "ids": [100_000] } }, "step_na": [0.1] }), "100000");
    check(json!({ "members": { "place": { "latents": { "i_thr": 1.0 } } }, "step_na": [0.1] }), "i_thr");
    check(json!({ "members": members(), "step_na": vec![0.1; 3000] }), "3000 sweeps");
    check(json!({ "operator": "f00", "members": members(), "step_na": [0.1] }), "not loaded");
    let json = "Content-Type: application/json\r\n";
    server.post_as("/api/predict", json, b"{").refusal(400);
    server.post_as("/api/predict", json, &[0xff; 100]).refusal(400);
    server.post_as("/api/predict", json, &vec![b' '; 1 << 20]).refusal(413);
    server.post_as("/api/predict", "Content-Type: text/plain\r\n", b"{}").refusal(415);
    server.post_as("/api/predict", &format!("{json}Origin: http://evil.example\r\n"), b"{}").refusal(403);
    server.post_as("/api/predict", &format!("{json}Host: evil.example\r\n"), b"{}").refusal(421);
    for path in ["/../Cargo.toml", "/%2e%2e/%2e%2e/etc/passwd", "/etc/passwd", "/api", "/api/predict/x"] {
        server.get(path).refusal(404);
    }
    server.ask("/api/export/exe", &json!({ "members": members(), "step_na": [0.1] })).refusal(400);
    for (name, content) in
        [("a.abf", &b"ABF2 and no more"[..]), ("a.nwb", b""), ("a.txt", b"1"), ("a.csv", b"\xff,\n")]
    {
        let refusal = server.give(&format!("/api/recording?name={name}"), content).refusal(400);
        assert!(refusal.contains(name), "{refusal}");
    }
    let refusal = server.give("/api/recording?name=/etc/passwd%2Fa.abf", b"no recording").refusal(400);
    assert!(refusal.starts_with("a.abf"), "{refusal}");
    server.give("/api/operator?name=a.safetensors", b"no operator").refusal(400);
    assert!(server.give("/api/recording", b"").refusal(400).contains("?name="));
    let too_large = format!(
        "POST /api/recording?name=a.abf HTTP/1.1\r\nHost: {}\r\n\
        Content-Type: application/octet-stream\r\nContent-Length: 200000000\r\nConnection: close\r\n\r\n",
        server.host
    );
    server.raw(too_large.as_bytes()).refusal(413);
    for part in
        [&b"GET"[..], b"POST /api/predict HTTP/1.1\r\nContent-Length: 10\r\n\r\n", b"\x00\x01\x02\r\n\r\n"]
    {
        let mut stream = TcpStream::connect(&server.host).unwrap();
        stream.write_all(part).unwrap();
    }
    let good = server.ask("/api/predict", &json!({ "members": members(), "step_na": [0.1] }));
    assert_eq!(good.status, 200);
    let port = server.host.rsplit(':').next().unwrap();
    let taken = folder.refused(&format!("explore --no-open --port {port}"));
    assert!(taken.contains("cannot be used") && taken.contains("choose another --port"), "{taken}");
}

#[test]
fn invariant_operators_of_files_are_told_apart() {
    let folder = Folder::new("explore-operators");
    let server = Server::start(&folder);
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/fast_spiking.operator.safetensors");
    let about = server.give("/api/operator?name=own.safetensors", &bytes(&own)).json();
    assert_eq!(about["name"], "own.safetensors");
    let question =
        json!({ "operator": about["sha256"], "members": { "first": { "n": 2 } }, "step_na": [0.1] });
    assert_eq!(server.ask("/api/predict", &question).status, 200);
}
