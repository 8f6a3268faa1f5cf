//! Reads one shard through subscriptions, each renewed where the one before ended.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep, timeout};

use crate::read::frontier::Turn;
use crate::read::renewal::Renewal;
use crate::read::shared::{End, Shared};
use crate::read::source::{SourceError, SourceErrorKind};
use crate::read::subscription::{FanOut, Pushed, Subscription};

/// A subscription gives a sign of life every few seconds. One that gives none for so long is taken for dead, as KCL's
/// read timeout does.
const SILENCE: Duration = Duration::from_secs(30);

/// How a subscription ended.
enum Over {
    /// It is to be renewed.
    Renew,
    /// So is the reading of the shard.
    Shard(End),
}

/// Reads a shard from its turn's position to its end.
pub(crate) async fn read(
    fan_out: Arc<dyn FanOut>,
    shared: Arc<Shared>,
    turn: Turn,
) -> Result<End, SourceError> {
    let mut renewal = Renewal::new(turn.position.clone(), Timestamp::now());
    loop {
        sleep(renewal.wait(Instant::now())).await;
        renewal.called(Instant::now());
        let over = match fan_out.subscribe(turn.shard, renewal.position()).await {
            Ok(subscription) => {
                renewal.opened(Instant::now());
                follow(subscription, &shared, &turn, &mut renewal).await
            }
            Err(error) => Err(error),
        };
        match over {
            Ok(Over::Renew) => tracing::debug!(shard = %turn.shard, "renewing the subscription"),
            Ok(Over::Shard(end)) => return Ok(end),
            Err(error) => renewal.failed(error, (Instant::now(), fastrand::f64()), shared.patience)?,
        }
    }
}

/// Hands on the events of one subscription.
async fn follow(
    mut subscription: Box<dyn Subscription>,
    shared: &Shared,
    turn: &Turn,
    renewal: &mut Renewal,
) -> Result<Over, SourceError> {
    loop {
        let pushed = timeout(SILENCE, subscription.next()).await.map_err(|_| silent())?;
        let Some(Pushed { records, continuation, behind, children }) = pushed? else {
            return Ok(Over::Renew);
        };
        if let Some(number) = &continuation {
            renewal.pushed(number);
        }
        shared.lag.set(turn.shard, behind);
        let is_over = continuation.is_none();
        // With none, the shard has ended.
        let given = shared.give((turn.shard, turn.range), records, continuation, is_over).await;
        if given.is_err() {
            return Ok(Over::Shard(End::Abandoned));
        }
        if is_over {
            return Ok(Over::Shard(End::Shard(children)));
        }
        if behind.is_zero() && !shared.follow {
            return Ok(Over::Shard(End::Tip));
        }
    }
}

fn silent() -> SourceError {
    SourceError {
        kind: SourceErrorKind::Transient,
        code: "NoEvents".into(),
        message: "the subscription gave no sign of life for 30 seconds".into(),
    }
}
