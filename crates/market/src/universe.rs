//! Every instrument there is, and the dense numbers they are known by inside.

use std::collections::HashMap;

use crate::{Instrument, Symbol, SymbolId};

/// The instruments by dense id. Ids only grow: an instrument keeps its id for the life of the
/// process, even when no provider lists it any more and it is retired.
#[derive(Debug, Clone, Default)]
pub struct Universe {
    instruments: Vec<Instrument>,
    ids: HashMap<Symbol, SymbolId>,
    /// Retired instruments, by id; shorter than `instruments` while the last ones are listed.
    retired: Vec<bool>,
    n_retired: usize,
}

/// What a refresh changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Instruments not known before.
    pub added: Vec<SymbolId>,
    /// Instruments whose description changed.
    pub changed: Vec<SymbolId>,
    /// Instruments listed before and absent from the new list. They stay until they are retired.
    pub missing: Vec<SymbolId>,
}

impl Universe {
    /// An empty universe.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a provider's full list: adds, updates, and tells what is missing from it. A symbol
    /// listed twice counts once, the later description winning; a retired one returns.
    pub fn refresh(&mut self, list: impl IntoIterator<Item = Instrument>) -> Difference {
        let mut difference = Difference::default();
        let mut seen = vec![false; self.instruments.len()];
        for instrument in list {
            match self.ids.get(&instrument.symbol) {
                Some(&id) => {
                    if let Some(seen) = seen.get_mut(id.index()) {
                        *seen = true;
                    }
                    let returns = self.set_retired(id, false);
                    let known = &mut self.instruments[id.index()];
                    if returns || *known != instrument {
                        *known = instrument;
                        difference.changed.push(id);
                    }
                }
                None => difference.added.push(self.push(instrument)),
            }
        }
        let unseen = seen.iter().enumerate().filter(|(_, seen)| !**seen).map(|(at, _)| SymbolId(at as u32));
        difference.missing = unseen.filter(|id| self.is_listed(*id)).collect();
        difference
    }

    /// Takes instruments out of use: their symbols are no longer found, their ids still are.
    pub fn retire(&mut self, ids: &[SymbolId]) {
        for id in ids {
            self.set_retired(*id, true);
        }
    }

    /// In use, not retired.
    pub fn is_listed(&self, id: SymbolId) -> bool {
        id.index() < self.instruments.len() && !self.retired.get(id.index()).copied().unwrap_or(false)
    }

    /// Whether this changed anything.
    fn set_retired(&mut self, id: SymbolId, retired: bool) -> bool {
        if id.index() >= self.instruments.len() || self.is_listed(id) != retired {
            return false;
        }
        self.retired.resize(self.instruments.len(), false);
        self.retired[id.index()] = retired;
        self.n_retired = if retired { self.n_retired + 1 } else { self.n_retired - 1 };
        true
    }

    fn push(&mut self, instrument: Instrument) -> SymbolId {
        // Four billion instruments do not exist.
        let id = SymbolId(self.instruments.len() as u32);
        self.ids.insert(instrument.symbol, id);
        self.instruments.push(instrument);
        id
    }

    /// The id of a symbol in use.
    pub fn id(&self, symbol: &Symbol) -> Option<SymbolId> {
        self.ids.get(symbol).copied().filter(|id| self.is_listed(*id))
    }

    /// The id of a symbol, retired or not.
    pub fn id_ever(&self, symbol: &Symbol) -> Option<SymbolId> {
        self.ids.get(symbol).copied()
    }

    /// The instrument of an id, retired or not; `None` for an id this universe did not give out.
    pub fn get(&self, id: SymbolId) -> Option<&Instrument> {
        self.instruments.get(id.index())
    }

    /// The symbol of an id.
    pub fn symbol(&self, id: SymbolId) -> Option<Symbol> {
        self.get(id).map(|i| i.symbol)
    }

    /// Number of instruments in use.
    pub fn len(&self) -> usize {
        self.instruments.len() - self.n_retired
    }

    /// Number of ids given out; they run from 0 to one less.
    pub fn ids_given(&self) -> usize {
        self.instruments.len()
    }

    /// No instruments in use.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All instruments in use, with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (SymbolId, &Instrument)> {
        self.all().filter(|(id, _)| self.is_listed(*id))
    }

    /// All instruments with their ids, the retired ones too.
    pub fn all(&self) -> impl ExactSizeIterator<Item = (SymbolId, &Instrument)> {
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

    #[test]
    fn what_is_retired_is_not_found_and_may_return() {
        let mut universe = Universe::new();
        universe.refresh([instrument("A", "Agilent"), instrument("B", "Barnes")]);
        let a = Symbol::new("A").unwrap();
        universe.retire(&[SymbolId(0), SymbolId(9)]);
        assert_eq!((universe.id(&a), universe.len(), universe.ids_given()), (None, 1, 2));
        assert_eq!(universe.symbol(SymbolId(0)), Some(a));
        assert_eq!(universe.iter().map(|(id, _)| id).collect::<Vec<_>>(), [SymbolId(1)]);
        let again = universe.refresh([instrument("A", "Agilent")]);
        assert_eq!(
            again,
            Difference { added: vec![], changed: vec![SymbolId(0)], missing: vec![SymbolId(1)] }
        );
        assert_eq!(universe.id(&a), Some(SymbolId(0)));
    }
}
