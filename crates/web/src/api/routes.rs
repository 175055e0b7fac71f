//! How the table of the API's routes is made: each operation stands in it once, with the right that it takes.
//!
//! The table is what is registered. That a handler takes the very right beside it is decided when the program is built,
//! so the two can't disagree; the tests hold the OpenAPI document against the table.

use actix_web::Handler;
use countersign_domain::Right;

use crate::caller::{Asks, Needs};

/// An operation of the JSON API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// `GET`, `POST`, `PATCH` or `DELETE`.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// The right that it takes; `None` where no organization is entered.
    pub right: Option<Right>,
}

/// Which of a handler's arguments proves the right.
pub(super) struct At<const PLACE: usize>;

/// The arguments of a handler, one of which proves a right.
pub(super) trait Proves<Place> {
    /// The right.
    type Right: Needs;
}

impl<A, B: Asks> Proves<At<1>> for (A, B) {
    type Right = B::Right;
}

impl<A, B: Asks, C> Proves<At<1>> for (A, B, C) {
    type Right = B::Right;
}

impl<A, B: Asks, C, D> Proves<At<1>> for (A, B, C, D) {
    type Right = B::Right;
}

impl<A, B, C: Asks> Proves<At<2>> for (A, B, C) {
    type Right = C::Right;
}

/// The handler, if it takes the right `R`.
pub(super) fn taking<R, H, Arguments, Place>(handler: H) -> H
where
    R: Needs,
    H: Handler<Arguments>,
    Arguments: Proves<Place, Right = R>,
{
    handler
}

macro_rules! api_routes {
    ($($path:literal: { $($method:ident $right:ident => $handler:path),+ $(,)? })+) => {
        /// Every operation of the JSON API.
        pub const ROUTES: &[Route] = &[$($(Route {
            method: api_routes!(@method $method),
            path: concat!("/api", $path),
            right: api_routes!(@right $right),
        }),+),+];

        /// The routes under `/api`.
        pub(crate) fn routes(config: &mut web::ServiceConfig) {
            config$(.service(
                web::resource($path)$(.route(web::$method().to(api_routes!(@handler $right $handler))))+
            ))+;
        }
    };
    (@method get) => { "GET" };
    (@method post) => { "POST" };
    (@method patch) => { "PATCH" };
    (@method delete) => { "DELETE" };
    (@right Open) => { None };
    (@right $right:ident) => { Some(countersign_domain::Right::$right) };
    (@handler Open $handler:path) => { $handler };
    (@handler $right:ident $handler:path) => {
        $crate::api::routes::taking::<$crate::caller::$right, _, _, _>($handler)
    };
}
pub(super) use api_routes;
