//! What AWS charges: dated prices and the formulas over them.
