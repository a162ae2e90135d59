//! Every instrument there is, and the dense numbers they are known by inside.

use std::collections::HashMap;

use crate::{Instrument, Symbol, SymbolId};

/// The instruments by dense id. It only grows: an instrument keeps its id for the life of the
/// process, even when its provider no longer lists it.
#[derive(Debug, Clone, Default)]
pub struct Universe {
    instruments: Vec<Instrument>,
    ids: HashMap<Symbol, SymbolId>,
}

/// What a refresh changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Instruments not known before.
    pub added: Vec<SymbolId>,
    /// Instruments whose description changed.
    pub changed: Vec<SymbolId>,
    /// Instruments known before and absent from the new list.
    pub missing: Vec<SymbolId>,
}

impl Universe {
    /// An empty universe.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a provider's full list: adds, updates, and tells what is missing from it. A symbol
    /// listed twice counts once, the later description winning.
    pub fn refresh(&mut self, list: impl IntoIterator<Item = Instrument>) -> Difference {
        let mut difference = Difference::default();
        let mut seen = vec![false; self.instruments.len()];
        for instrument in list {
            match self.ids.get(&instrument.symbol) {
                Some(&id) => {
                    if let Some(seen) = seen.get_mut(id.index()) {
                        *seen = true;
                    }
                    let known = &mut self.instruments[id.index()];
                    if *known != instrument {
                        *known = instrument;
                        difference.changed.push(id);
                    }
                }
                None => difference.added.push(self.push(instrument)),
            }
        }
        difference.missing =
            seen.iter().enumerate().filter(|(_, seen)| !**seen).map(|(at, _)| SymbolId(at as u32)).collect();
        difference
    }

    fn push(&mut self, instrument: Instrument) -> SymbolId {
        // Four billion instruments do not exist.
        let id = SymbolId(self.instruments.len() as u32);
        self.ids.insert(instrument.symbol, id);
        self.instruments.push(instrument);
        id
    }

    /// The id of a symbol.
    pub fn id(&self, symbol: &Symbol) -> Option<SymbolId> {
        self.ids.get(symbol).copied()
    }

    /// The instrument of an id; `None` for an id this universe did not give out.
    pub fn get(&self, id: SymbolId) -> Option<&Instrument> {
        self.instruments.get(id.index())
    }

    /// The symbol of an id.
    pub fn symbol(&self, id: SymbolId) -> Option<Symbol> {
        self.get(id).map(|i| i.symbol)
    }

    /// Number of instruments; ids run from 0 to one less.
    pub fn len(&self) -> usize {
        self.instruments.len()
    }

    /// No instruments at all.
    pub fn is_empty(&self) -> bool {
        self.instruments.is_empty()
    }

    /// All instruments with their ids.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (SymbolId, &Instrument)> {
        self.instruments.iter().enumerate().map(|(at, i)| (SymbolId(at as u32), i))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Hours, Kind};

    fn instrument(symbol: &str, name: &str) -> Instrument {
        Instrument {
            symbol: Symbol::new(symbol).unwrap(),
            name: name.into(),
            exchange: "NYSE".into(),
            kind: Kind::Stock,
            currency: "USD".into(),
            sector: None,
            industry: None,
            hours: Hours::UsEquity,
            activity: 0,
        }
    }

    #[test]
    fn refreshes_by_difference_and_keeps_ids() {
        let mut universe = Universe::new();
        let first = universe.refresh([instrument("A", "Agilent"), instrument("B", "Barnes")]);
        assert_eq!(first.added, [SymbolId(0), SymbolId(1)]);
        let second = universe.refresh([instrument("C", "Citi"), instrument("B", "Barnes Group")]);
        assert_eq!(
            second,
            Difference { added: vec![SymbolId(2)], changed: vec![SymbolId(1)], missing: vec![SymbolId(0)] }
        );
        assert_eq!(universe.id(&Symbol::new("A").unwrap()), Some(SymbolId(0)));
        assert_eq!(universe.len(), 3);
    }
}
