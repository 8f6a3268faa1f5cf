//! The code that runs inside Lambda.
