//! What is somebody's own as it is shown live: which watch lists there are and in which version, and alerts, of each
//! owner who is watching.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wire::alerts::{AlertsData, FiringBody};
use wire::frames::{AlertFiredFrame, AlertsFrame, ListsFrame, ServerFrame};
use wire::lists::ListsData;

use super::Live;
use crate::hub::block::Block;
use crate::hub::topic::{Owner, Topic};

/// The lists that connections watch.
#[derive(Debug, Default)]
pub struct Lists {
    watched: Mutex<HashMap<Owner, Watched>>,
}

#[derive(Debug, Default)]
struct Watched {
    connections: usize,
    newest: Option<ListsData>,
    alerts: Option<AlertsData>,
}

impl Lists {
    fn lock(&self) -> MutexGuard<'_, HashMap<Owner, Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose lists are watched.
    pub fn owners(&self) -> Vec<Owner> {
        self.lock().keys().copied().collect()
    }

    /// The frame that says which lists there are, if that is known.
    pub fn frame(&self, owner: Owner) -> Option<Vec<u8>> {
        let data = self.lock().get(&owner)?.newest.clone()?;
        Some(ServerFrame::Lists(ListsFrame { data }).to_json())
    }

    /// The frame that says in which version an owner's alerts are, if that is known.
    pub fn alerts_frame(&self, owner: Owner) -> Option<Vec<u8>> {
        let data = self.lock().get(&owner)?.alerts?;
        Some(ServerFrame::Alerts(AlertsFrame { data }).to_json())
    }
}

/// A connection watches an owner's lists and alerts for as long as this is kept.
#[derive(Debug)]
pub struct ListsWatch {
    live: Arc<Live>,
    /// Whose.
    pub owner: Owner,
    /// They have still to be brought, by [`Live::lists_block`].
    pub is_first: bool,
}

impl Drop for ListsWatch {
    fn drop(&mut self) {
        let mut watched = self.live.lists.lock();
        let Some(lists) = watched.get_mut(&self.owner) else { return };
        lists.connections -= 1;
        if lists.connections == 0 {
            watched.remove(&self.owner);
        }
    }
}

impl Live {
    /// Begins to show an owner's lists.
    pub fn watch_lists(self: &Arc<Self>, owner: Owner) -> ListsWatch {
        let mut watched = self.lists.lock();
        let lists = watched.entry(owner).or_default();
        lists.connections += 1;
        let is_first = lists.newest.is_none();
        drop(watched);
        ListsWatch { live: Arc::clone(self), owner, is_first }
    }

    /// Takes which lists there are, and returns the frame that tells it: none where nobody watches, or where nothing
    /// is new.
    pub fn lists_block(&self, owner: Owner, data: ListsData) -> Block {
        let mut block = Block::default();
        // A snapshot is taken under the same lock, so that it knows whether it contains this.
        let _state = self.write();
        let mut watched = self.lists.lock();
        let Some(lists) = watched.get_mut(&owner).filter(|lists| lists.newest.as_ref() != Some(&data)) else {
            return block;
        };
        lists.newest = Some(data.clone());
        drop(watched);
        let frame = ServerFrame::Lists(ListsFrame { data }).to_json();
        block.push(Topic::Lists(owner), self.next_position(), |out| out.extend_from_slice(&frame));
        block
    }

    /// Takes in which version an owner's alerts are, and returns the frame that tells it: none where nobody watches, or
    /// where something newer was told.
    pub fn alerts_block(&self, owner: Owner, data: AlertsData) -> Block {
        let mut block = Block::default();
        let _state = self.write();
        let mut watched = self.lists.lock();
        let is_newer = |known: &Option<AlertsData>| known.is_none_or(|known| known.version < data.version);
        let Some(of) = watched.get_mut(&owner).filter(|of| is_newer(&of.alerts)) else { return block };
        of.alerts = Some(data);
        drop(watched);
        let frame = ServerFrame::Alerts(AlertsFrame { data }).to_json();
        block.push(Topic::Alerts(owner), self.next_position(), |out| out.extend_from_slice(&frame));
        block
    }

    /// A frame about an article, for all who watch news.
    pub fn news_block(&self, frame: &[u8]) -> Block {
        let mut block = Block::default();
        let _state = self.write();
        block.push(Topic::News, self.next_position(), |out| out.extend_from_slice(frame));
        block
    }

    /// The frame that tells a firing to its owner: none where nobody watches.
    pub fn alert_fired_block(&self, owner: Owner, data: FiringBody) -> Block {
        let mut block = Block::default();
        if !self.lists.lock().contains_key(&owner) {
            return block;
        }
        let frame = ServerFrame::AlertFired(AlertFiredFrame { data }).to_json();
        let _state = self.write();
        block.push(Topic::Alerts(owner), self.next_position(), |out| out.extend_from_slice(&frame));
        block
    }
}
