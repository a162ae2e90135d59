//! The one place that reads the wall clock.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use market::Timestamp;

/// Where a feed learns what time it is; tests and replay give their own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The machine's clock.
pub fn system() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
    })
}
