//! Typed views of services.
