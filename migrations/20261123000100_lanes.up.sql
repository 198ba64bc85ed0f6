-- What a method was handed in as: a WebAssembly module or a container image. Everything
-- before this is a module.
ALTER TABLE submissions ADD COLUMN lane text NOT NULL DEFAULT 'wasm' CHECK (lane IN ('wasm', 'oci'));
