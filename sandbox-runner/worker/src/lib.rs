//! The process that executes one method: engine, imports, ledger; generic over the Burn backend.
