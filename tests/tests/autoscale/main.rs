//! The autoscaler on the embedded endpoint, in virtual time, with a real producer: the loop closed, two of them with one
//! killed at every call, a hot range, and the simulator's model beside what the endpoint does.

#![expect(clippy::unwrap_used, reason = "a test")]

mod agreement;
mod closed_loop;
mod hot_range;
mod two_actors;
mod world;
