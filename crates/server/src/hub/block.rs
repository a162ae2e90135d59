//! Updates, encoded once for every client that will get them.

use super::topic::Topic;
use crate::ws::frame;

/// The place of a frame or a row in its block.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// Who wants it.
    pub topic: Topic,
    /// Grows with every publication; see [`super::topic::Subscriber::since`].
    pub position: u64,
    start: u32,
    end: u32,
    is_row: bool,
}

/// What an item's bytes are.
#[derive(Debug, Clone, Copy)]
pub enum Piece<'a> {
    /// A whole frame, to be copied as it is.
    Frame(&'a [u8]),
    /// An entry of `data` of a `quote_update`. Entries for one client go out in one frame.
    Row(&'a [u8]),
}

/// Many frames and rows in one allocation, shared by all shards.
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
        self.items.push(Item { topic, position, start, end: self.bytes.len() as u32, is_row: false });
    }

    /// Adds the row of a symbol, without a frame around it.
    pub fn push_row(&mut self, topic: Topic, position: u64, entry: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len() as u32;
        entry(&mut self.bytes);
        self.items.push(Item { topic, position, start, end: self.bytes.len() as u32, is_row: true });
    }

    /// The items in order of publication.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The bytes of an item of this block.
    pub fn piece(&self, item: &Item) -> Piece<'_> {
        let bytes = &self.bytes[item.start as usize..item.end as usize];
        if item.is_row { Piece::Row(bytes) } else { Piece::Frame(bytes) }
    }

    /// No items.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Bytes so far; a block is to be closed long before four billion.
    pub fn len_bytes(&self) -> usize {
        self.bytes.len()
    }
}
