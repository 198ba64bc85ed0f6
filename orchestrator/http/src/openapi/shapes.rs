//! Shapes of what is no JSON.

use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Bytes that are no JSON.
pub(crate) struct Binary;

impl PartialSchema for Binary {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
        RefOr::T(Schema::Object(schema.build()))
    }
}

impl ToSchema for Binary {}

/// One event of a stream, as whoever reads streams is given it.
pub(crate) struct Change;

impl PartialSchema for Change {
    fn schema() -> RefOr<Schema> {
        let text = |text: ObjectBuilder| text.schema_type(SchemaType::new(Type::String));
        let event = text(ObjectBuilder::new()).enum_values(Some([gauntlet_api::CHANGE_EVENT]));
        let data = text(ObjectBuilder::new())
            .description(Some("A ChangeEvent, as JSON"))
            .content_media_type("application/json");
        let schema = ObjectBuilder::new()
            .property("event", event)
            .required("event")
            .property("data", data)
            .required("data");
        RefOr::T(Schema::Object(schema.build()))
    }
}

impl ToSchema for Change {}
