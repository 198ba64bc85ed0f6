//! Executes a method: compiles, starts and watches workers.
