//! The page itself, as it was built into this program.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

/// Name, type and content of a file of the page.
type Page = (&'static str, &'static str, &'static [u8]);

/// Files of the page; written by `npm run build` in `explorer/`.
const PAGES: [Page; 3] = [
    ("/", "text/html; charset=utf-8", include_bytes!("../../../assets/explorer/index.html")),
    ("/app.js", "text/javascript; charset=utf-8", include_bytes!("../../../assets/explorer/app.js")),
    ("/app.css", "text/css; charset=utf-8", include_bytes!("../../../assets/explorer/app.css")),
];

/// Places of all files.
pub(super) fn places() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(|(place, ..)| *place)
}

/// The file of a place.
pub(super) fn page(place: &str) -> Option<Response> {
    let (_, kind, content) = PAGES.iter().find(|(own, ..)| *own == place)?;
    Some(([(CONTENT_TYPE, *kind), (CACHE_CONTROL, "no-cache")], *content).into_response())
}
