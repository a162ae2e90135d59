//! What moved this? Unusual moves with the articles around them, and what followed each article.
//!
//! All of it is association: an article and a move near each other need not have to do with each other,
//! and news is often written because a price moved.
//!
//! Computed from minute bars, in the same way every time. Prices stay integers, and returns are told as
//! whole millionths; only the statistics (means, deviations, t) are binary floating point, from which no
//! price is ever made.

mod minutes;
mod moves;
mod study;

pub use minutes::{Minutes, NotAscending};
pub use moves::{Move, MoveSettings, Near, articles_around, unusual_moves};
pub use study::{Pooled, References, Study, StudySettings, Unstudied, pooled, study};
