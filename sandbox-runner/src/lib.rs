//! The agent that leases runs, executes them in sandboxes and reports.
