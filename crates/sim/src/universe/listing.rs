//! One simulated instrument, with what the market needs to know to move it.

use market::{Hours, Instrument, Kind, Price, Size, Symbol};

/// What a listing is, finer than [`Kind`], as symbol directories tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Security {
    /// A common share.
    Common,
    /// A depositary receipt of a foreign company.
    Adr,
    /// A preferred share.
    Preferred,
    /// A fund traded like a share.
    Fund,
    /// A warrant.
    Warrant,
    /// A unit of a share and a part of a warrant.
    Unit,
    /// A crypto pair.
    Pair,
}

impl Security {
    /// The coarser kind the rest of the product uses.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Common | Self::Adr | Self::Preferred => Kind::Stock,
            Self::Fund => Kind::Etf,
            Self::Warrant | Self::Unit => Kind::Other,
            Self::Pair => Kind::Crypto,
        }
    }
}

/// A simulated instrument. Its place in the universe is its number in the simulator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// What people type.
    pub symbol: Symbol,
    /// The company's, fund's or pair's name.
    pub name: String,
    /// Exchange or venue as people know it: `NYSE`, `NASDAQ`, `NYSE American`, `NYSE Arca`.
    pub exchange: &'static str,
    /// What it is.
    pub security: Security,
    /// Sector; `None` for funds and pairs.
    pub sector: Option<&'static str>,
    /// Industry; `None` for pairs.
    pub industry: Option<&'static str>,
    /// The level around which its price moves.
    pub base: Price,
    /// The smallest step of its price above a dollar; below a dollar stocks step by a hundredth of
    /// a cent. Pairs have one step at every price.
    pub tick: Price,
    /// The smallest step of a size: one share, or a fraction of a coin.
    pub lot: Size,
    /// Shares outstanding; 0 for pairs.
    pub shares: u64,
    /// Price to earnings in tenths at the base price; `None` where there are no earnings.
    pub pe_tenths: Option<u32>,
    /// Yearly volatility of its own, in per cent.
    pub volatility: u32,
    /// How much it follows the market as a whole, in per cent.
    pub beta: u32,
    /// Dollars traded on a usual day.
    pub activity: u64,
    /// Names the price path: share classes and pairs of one coin move together.
    pub path: u64,
}

impl Listing {
    /// Trades day and night whatever the exchange does.
    pub fn is_crypto(&self) -> bool {
        self.security == Security::Pair
    }

    /// This listing as the rest of the product knows it. `always` says that the simulated session
    /// never closes, so that nothing downstream takes its prices for those of a closed market.
    pub fn instrument(&self, always: bool) -> Instrument {
        Instrument {
            symbol: self.symbol,
            name: self.name.clone(),
            exchange: self.exchange.to_owned(),
            kind: self.security.kind(),
            currency: self.currency().to_owned(),
            sector: self.sector.map(str::to_owned),
            industry: self.industry.map(str::to_owned),
            hours: if always || self.is_crypto() { Hours::Always } else { Hours::UsEquity },
            activity: self.activity,
        }
    }

    /// The currency its prices are in.
    pub fn currency(&self) -> &'static str {
        let symbol = self.symbol.as_str();
        match symbol {
            _ if !self.is_crypto() => "USD",
            _ if symbol.ends_with("USDT") => "USDT",
            _ if symbol.ends_with("BTC") => "BTC",
            _ => "USD",
        }
    }

    /// The exchange's market identifier code (ISO 10383); empty for crypto venues.
    pub fn mic(&self) -> &'static str {
        match self.exchange {
            "NYSE" => "XNYS",
            "NASDAQ" => "XNAS",
            "NYSE American" => "XASE",
            "NYSE Arca" => "ARCX",
            "Cboe BZX" => "BATS",
            _ => "",
        }
    }
}
