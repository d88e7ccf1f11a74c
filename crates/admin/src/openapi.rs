//! What does the desk say about itself? An OpenAPI 3.1 document made from the route table.

mod body;

use serde_json::{Map, Value, json};

use crate::route::{ROUTES, Route};

/// The document; small enough to make anew at every request.
pub fn document() -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(route.method.to_ascii_lowercase(), operation(route));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Tollgate admin API", "version": env!("CARGO_PKG_VERSION")},
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": problem()},
        },
    })
}

fn operation(route: &Route) -> Value {
    let mut operation = json!({
        "operationId": format!("{:?}", route.verb),
        "summary": route.says,
        "responses": {
            "2XX": {"description": "done"},
            "default": {
                "description": "refused",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        },
        "security": if route.verb.is_open() { json!([]) } else { json!([{"token": []}]) },
    });
    let parameters = parameters(route);
    if let Some(operation) = operation.as_object_mut() {
        if !parameters.is_empty() {
            operation.insert("parameters".to_owned(), Value::Array(parameters));
        }
        if let Some(body) = body::of(route.verb) {
            operation.insert("requestBody".to_owned(), body);
        }
    }
    operation
}

fn parameters(route: &Route) -> Vec<Value> {
    let header = |name: &str| json!({"name": name, "in": "header", "schema": {"type": "string"}});
    let in_path = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<_> =
        in_path.map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})).collect();
    for name in route.verb.query() {
        parameters.push(json!({"name": name, "in": "query", "schema": {"type": "string"}}));
    }
    if route.verb.writes() {
        parameters.push(header("Idempotency-Key"));
        if !in_path_is_empty(route) {
            parameters.push(header("If-Match"));
        }
    }
    parameters
}

fn in_path_is_empty(route: &Route) -> bool {
    !route.path.contains('{')
}

fn problem() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "hint": {"type": "string"},
            "mistakes": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["what"],
                    "properties": {"field": {"type": "string"}, "word": {"type": "string"}, "what": {"type": "string"}},
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_stands_in_the_document_with_its_credential() {
        let document = document();
        for route in ROUTES {
            let operation = &document["paths"][route.path][route.method.to_ascii_lowercase()];
            let wanted = if route.verb.is_open() { json!([]) } else { json!([{"token": []}]) };
            assert_eq!(operation["security"], wanted, "{} {}", route.method, route.path);
        }
    }
}
