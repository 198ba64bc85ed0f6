//! How text that follows a rule is described to those who write clients.

use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};

/// Text of this form.
pub(crate) fn text(description: String, pattern: String) -> RefOr<Schema> {
    let schema = ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .description(Some(description))
        .pattern(Some(pattern));
    RefOr::T(Schema::Object(schema.build()))
}
