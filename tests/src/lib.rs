//! End-to-end scenarios, each run unchanged on every endpoint.
