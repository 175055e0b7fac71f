//! The rows of a page with all of them, made while they are sent: as many as there may be, no more than a chunk of them
//! is kept at once.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes};
use countersign_persistence::directory::OrganizationEntry;
use futures_util::stream;
use jiff::Timestamp;
use serde::Serialize;

use super::list::{List, Reader};
use crate::WebError;
use crate::state::AppState;
use crate::zone::Zone;

/// How many rows are made at a time.
const CHUNK: usize = 500;
/// Where the rows go in the page.
const ROWS: &str = "<!--rows-->";

/// What the partial with the rows reads when it is rendered alone.
#[derive(Serialize)]
struct Rows<R> {
    page: Moment,
    can_edit: bool,
    rows: Vec<R>,
}

#[derive(Serialize)]
struct Moment {
    now: Timestamp,
    zone: Zone,
}

/// All rows of a list, in order.
pub(super) struct AllRows<L: List> {
    pub state: web::Data<AppState>,
    pub organization: Arc<OrganizationEntry>,
    pub base: String,
    pub can_edit: bool,
    pub now: Timestamp,
    pub zone: Zone,
    pub ids: Vec<L::Id>,
    /// How many of them were made.
    pub from: usize,
}

impl<L: List> AllRows<L> {
    /// The next rows; `None` after the last.
    async fn next(&mut self) -> Result<Option<String>, WebError> {
        let rest = self.ids.get(self.from..).unwrap_or_default();
        let Some(chunk) = rest.chunks(CHUNK).next() else { return Ok(None) };
        let reader =
            Reader { store: &self.state.store, organization: &self.organization, base: &self.base, now: self.now };
        let items = L::get_all(&reader, chunk).await?;
        self.from += chunk.len();
        let rows = items.iter().map(|item| L::row(item, &reader)).collect::<Vec<_>>();
        let view = Rows { page: Moment { now: self.now, zone: self.zone.clone() }, can_edit: self.can_edit, rows };
        let [_, template] = L::TEMPLATES;
        self.state.templates.render(template, &view).map(Some)
    }
}

/// A page as an answer whose rows follow while it is read.
pub(super) fn streamed<L: List>(body: &str, rows: AllRows<L>) -> HttpResponse {
    let (before, after) = body.split_once(ROWS).unwrap_or((body, ""));
    let (before, after) = (Bytes::from(before.to_owned()), Bytes::from(after.to_owned()));
    let chunks = stream::try_unfold(Some((rows, after)), |waiting| async {
        let Some((mut rows, after)) = waiting else { return Ok(None) };
        match rows.next().await? {
            Some(chunk) => Ok(Some((Bytes::from(chunk), Some((rows, after))))),
            None => Ok::<_, WebError>(Some((after, None))),
        }
    });
    let first = stream::iter([Ok(before)]);
    let body = stream::StreamExt::chain(first, chunks);
    HttpResponse::Ok().content_type("text/html; charset=utf-8").streaming(Box::pin(body))
}
