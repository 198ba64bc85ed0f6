//! Shapes of the public HTTP API, shared by the server and its clients.
