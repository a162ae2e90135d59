//! Who may use a route, said where the route is registered.
//!
//! `Routes` is the only way to register one, and takes its `Access` with it. `admit` stands before all of
//! them: what is not in its table is refused, whatever a router would do with it.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::handler::Handler;
use axum::http::{HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};

use super::ApiState;
use super::problem::{self, Refusal};
use super::who;
use crate::people::identity::Access;

/// Routes, each with who may use it.
pub(super) struct Routes {
    router: Router<ApiState>,
    table: Table,
}

/// Who may use which method of which path.
#[derive(Debug, Clone, Default)]
pub(super) struct Table(HashMap<&'static str, Vec<(Method, Access)>>);

impl Table {
    /// Who may use a method of a path; `HEAD` is as `GET`.
    fn of(&self, path: &str, method: &Method) -> Option<Access> {
        let wanted = if method == Method::HEAD { &Method::GET } else { method };
        self.0.get(path)?.iter().find(|(method, _)| method == wanted).map(|(_, access)| *access)
    }

    /// Market data and what is the same for everybody: what pages of any origin may read.
    pub(super) fn is_shared(&self, path: &str, method: &Method) -> bool {
        matches!(self.of(path, method), Some(Access::Prices))
    }

    /// Takes in another's routes.
    pub(super) fn extend(&mut self, other: Self) {
        for (path, methods) in other.0 {
            self.0.entry(path).or_default().extend(methods);
        }
    }

    /// The methods of a path, as `Allow` lists them.
    fn allowed(&self, path: &str) -> String {
        let methods = self.0.get(path).map(Vec::as_slice).unwrap_or_default();
        let mut names: Vec<&str> = methods.iter().map(|(method, _)| method.as_str()).collect();
        if let Some(at) = names.iter().position(|name| *name == "GET") {
            names.insert(at + 1, "HEAD");
        }
        names.join(",")
    }

    /// Everything there is, by path as axum writes it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &Method, Access)> {
        self.0
            .iter()
            .flat_map(|(path, methods)| methods.iter().map(move |(method, access)| (*path, method, *access)))
    }
}

impl Routes {
    /// None yet.
    pub(super) fn new() -> Self {
        Self { router: Router::new(), table: Table::default() }
    }

    /// A handler with what surrounds it.
    pub(super) fn at(
        mut self,
        (method, path): (Method, &'static str),
        access: Access,
        handler: MethodRouter<ApiState>,
    ) -> Self {
        self.table.0.entry(path).or_default().push((method, access));
        Self { router: self.router.route(path, handler), table: self.table }
    }

    fn add<H: Handler<T, ApiState>, T: 'static>(
        self,
        method: Method,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        // Only the methods below come here, and all of them have a filter.
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        self.at((method, path), access, on(filter, handler))
    }

    /// `GET`, and `HEAD`.
    pub(super) fn get<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, ApiState>,
        T: 'static,
    {
        self.add(Method::GET, path, access, handler)
    }

    /// `POST`.
    pub(super) fn post<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, ApiState>,
        T: 'static,
    {
        self.add(Method::POST, path, access, handler)
    }

    /// `PUT`.
    pub(super) fn put<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, ApiState>,
        T: 'static,
    {
        self.add(Method::PUT, path, access, handler)
    }

    /// `PATCH`.
    pub(super) fn patch<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, ApiState>,
        T: 'static,
    {
        self.add(Method::PATCH, path, access, handler)
    }

    /// `DELETE`.
    pub(super) fn delete<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, ApiState>,
        T: 'static,
    {
        self.add(Method::DELETE, path, access, handler)
    }

    /// These and others.
    pub(super) fn merge(mut self, other: Self) -> Self {
        self.table.extend(other.table);
        Self { router: self.router.merge(other.router), table: self.table }
    }

    /// The router, and the table to be given to [`admit`].
    pub(super) fn into_parts(self) -> (Router<ApiState>, Table) {
        (self.router, self.table)
    }
}

/// What [`admit`] works with.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) state: ApiState,
    pub(super) table: Arc<Table>,
}

/// Lets a request through to its handler, with [`Who`](crate::people::identity::Who) asks where the route is not
/// for everybody, or refuses it.
pub(super) async fn admit(gate: &Gate, mut request: Request, next: Next) -> Response {
    // What is not matched is the page, which is the same for everybody.
    let Some(path) = request.extensions().get::<MatchedPath>().cloned() else {
        return next.run(request).await;
    };
    let Some(access) = gate.table.of(path.as_str(), request.method()) else {
        return undeclared(&gate.table, path.as_str(), request.method(), request.uri()).await;
    };
    match who::asks(&gate.state, access, request.method(), request.headers()).await {
        Ok(None) => {}
        Ok(Some(who)) => drop(request.extensions_mut().insert(who)),
        Err(refusal) => return refusal.into_response(),
    }
    next.run(request).await
}

/// No method of this path, or a path that nobody has said anything of: then nobody may.
async fn undeclared(table: &Table, path: &str, method: &Method, uri: &Uri) -> Response {
    let allowed = table.allowed(path);
    if allowed.is_empty() {
        tracing::error!(path, "a route does not say who may use it");
        return Refusal::forbidden("nobody may use this").into_response();
    }
    let refusal = problem::method_not_allowed(method.clone(), uri.clone()).await;
    let mut response = refusal.into_response();
    // Names of methods are good values.
    if let Ok(allowed) = HeaderValue::from_str(&allowed) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}
