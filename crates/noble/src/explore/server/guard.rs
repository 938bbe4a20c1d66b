//! Who may ask: the page of this server, in a browser that was sent to this server.
//!
//! A page of another site can make a browser send requests here (cross-site posts), or send them under a name that it lets point
//! here (DNS rebinding). The first are told by `Origin` and by a content type that forms cannot have, the second by `Host`.

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::http::header::{
    CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::routes::Refusal;
use crate::explore::LARGEST_RECORDING_BYTES;

/// Scripts, styles and answers of this server alone; no frame, no form, no plug-in.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Refuses requests that are not of this server's page, and marks answers.
pub(super) async fn guard(State(own): State<SocketAddr>, request: Request, next: Next) -> Response {
    let mut response = match reason(own, request.method(), request.uri(), request.headers()) {
        Some((status, what)) => Refusal::new(status, what).into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Why a request is refused.
fn reason(
    own: SocketAddr,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Option<(StatusCode, &'static str)> {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let host = headers.get(HOST).and_then(text).or_else(|| uri.authority().map(ToString::to_string));
    let Some(host) = host.filter(|host| is_own_host(own, host)) else {
        return Some((StatusCode::MISDIRECTED_REQUEST, "the Host header does not name this server"));
    };
    if method != Method::POST {
        return None;
    }
    if headers.get(ORIGIN).is_some_and(|origin| text(origin) != Some(format!("http://{host}"))) {
        return Some((StatusCode::FORBIDDEN, "the request comes from another site"));
    }
    let n_bytes = headers.get(CONTENT_LENGTH).and_then(text).and_then(|n_bytes| n_bytes.parse().ok());
    if n_bytes.is_some_and(|n_bytes: usize| n_bytes > LARGEST_RECORDING_BYTES) {
        return Some((
            StatusCode::PAYLOAD_TOO_LARGE,
            "more bytes than are taken; give a file of at most 64 MiB",
        ));
    }
    let kind = headers.get(CONTENT_TYPE).and_then(text).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
    let is_known = ["application/json", "application/octet-stream"].contains(&kind.as_str());
    (!is_known).then_some((
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "the Content-Type is neither application/json nor application/octet-stream",
    ))
}

/// Whether a host is this server by address or, on loopback, by the name of it.
fn is_own_host(own: SocketAddr, host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port.parse().ok()),
        _ => (host, Some(80)),
    };
    if port != Some(own.port()) {
        return false;
    }
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    match address {
        Ok(address) => {
            address == own.ip()
                || (address.is_loopback() && own.ip().is_loopback())
                || own.ip().is_unspecified()
        }
        Err(_) => {
            name.eq_ignore_ascii_case("localhost") && (own.ip().is_loopback() || own.ip().is_unspecified())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_only_own_hosts_are_taken() {
        let own: SocketAddr = "127.0.0.1:8080".parse().unwrap();
        for (host, expected) in [
            ("127.0.0.1:8080", true),
            ("localhost:8080", true),
            ("LOCALHOST:8080", true),
            ("[::1]:8080", true),
            ("127.0.0.1:8081", false),
            ("127.0.0.1", false),
            ("localhost", false),
            ("evil.example:8080", false),
            ("localhost.evil.example:8080", false),
            ("192.168.0.1:8080", false),
            ("", false),
            (":8080", false),
            ("[::1", false),
        ] {
            assert_eq!(is_own_host(own, host), expected, "{host}");
        }
    }

    #[test]
    fn analytic_posts_of_other_sites_are_refused() {
        let own: SocketAddr = "127.0.0.1:8080".parse().unwrap();
        let check = |origin: Option<&'static str>, kind: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("localhost:8080"));
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            if let Some(origin) = origin {
                headers.insert(ORIGIN, HeaderValue::from_static(origin));
            }
            reason(own, &Method::POST, &Uri::from_static("/api/predict"), &headers)
                .map(|(status, _)| status.as_u16())
        };
        assert_eq!(check(Some("http://localhost:8080"), "application/json; charset=utf-8"), None);
        assert_eq!(check(None, "application/octet-stream"), None);
        assert_eq!(check(Some("http://localhost:8081"), "application/json"), Some(403));
        assert_eq!(check(Some("https://localhost:8080"), "application/json"), Some(403));
        assert_eq!(check(Some("null"), "application/json"), Some(403));
        assert_eq!(check(None, "text/plain"), Some(415));
        assert_eq!(check(None, "multipart/form-data"), Some(415));
    }
}
