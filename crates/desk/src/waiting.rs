//! Answers that leave once their block is durable.

use ledger::{AccountView, Entry, Event, UserName};
use store::journal::{Head, Shard};
use tokio::sync::oneshot;

use crate::recent::Newest;
use crate::request::{Answer, Answered, Closed};

type Reply<T> = oneshot::Sender<Result<T, Closed>>;

/// What an answer tells besides, as it was right after the command.
pub(crate) type Told = (Option<Box<AccountView>>, Option<Box<Newest>>);

/// An answer that waits.
pub(crate) enum Waiting {
    Entered {
        reply: Reply<Answer>,
        /// Its place among the entries of the block.
        entry: usize,
        fired: Option<usize>,
        told: Told,
    },
    Ready {
        reply: Reply<Answer>,
        answer: Answer,
    },
    Account(Reply<AccountView>, AccountView),
    Accounts(Reply<Vec<(UserName, AccountView)>>, Vec<(UserName, AccountView)>),
    Head(Reply<Head>),
}

impl Waiting {
    /// Lets it go. `entries` are those of the block, `head` is where the journal ends now. Whoever asked may have gone.
    pub(crate) fn answer(self, shard: Shard, head: Head, entries: &[Entry]) {
        match self {
            Self::Entered { reply, entry, fired, told: (account, before) } => {
                let boxed = |at: usize| Box::new(entries[at].clone());
                let fired = fired.map(boxed).filter(|fired| matches!(fired.event, Event::Fired(_)));
                let answered = Answered::Entered { entry: boxed(entry), fired };
                drop(reply.send(Ok(Answer { shard, answered, account, before })));
            }
            Self::Ready { reply, answer } => drop(reply.send(Ok(answer))),
            Self::Account(reply, view) => drop(reply.send(Ok(view))),
            Self::Accounts(reply, views) => drop(reply.send(Ok(views))),
            Self::Head(reply) => drop(reply.send(Ok(head))),
        }
    }
}
