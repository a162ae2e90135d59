//! Updates, framed once for every client that will get them.

use super::topic::Topic;
use crate::ws::frame;

/// A frame's place in its block.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// Who wants it.
    pub topic: Topic,
    /// Grows with every publication; see [`super::topic::Subscriber::since`].
    pub position: u64,
    start: u32,
    end: u32,
}

/// Many frames in one allocation, shared by all shards.
#[derive(Debug, Default)]
pub struct Block {
    bytes: Vec<u8>,
    items: Vec<Item>,
}

impl Block {
    /// Frames a payload for a topic.
    pub fn push(&mut self, topic: Topic, position: u64, payload: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len() as u32;
        frame::write_text(&mut self.bytes, payload);
        self.items.push(Item { topic, position, start, end: self.bytes.len() as u32 });
    }

    /// The frames in order of publication.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The bytes of a frame of this block.
    pub fn frame(&self, item: &Item) -> &[u8] {
        &self.bytes[item.start as usize..item.end as usize]
    }

    /// No frames.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Bytes so far; a block is to be closed long before four billion.
    pub fn len_bytes(&self) -> usize {
        self.bytes.len()
    }
}
