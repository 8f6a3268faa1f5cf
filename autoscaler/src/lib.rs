//! Decides and carries out resharding.
