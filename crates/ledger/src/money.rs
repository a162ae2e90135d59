//! Whole cents, whole shares, and the three places where a price meets them.
//!
//! A price is exact to 10⁻⁸ dollars, a balance to a cent. Where the product of shares and a
//! sub-penny price is not a whole number of cents, the account bears the rest: a purchase
//! costs the cents rounded up, a sale brings the cents rounded down. With prices of whole
//! cents nothing is ever rounded, and the figures are those of the classic rules.

use std::fmt;

use market::Price;

/// Price units (10⁻⁸ dollars) in one cent.
pub const UNITS_PER_CENT: i64 = 1_000_000;

/// The largest amount of one command: ten billion dollars, in cents.
///
/// In price units it is 10¹⁸, so that an amount and its value in price units both fit 64 bits.
pub const AMOUNT_MAX: Cents = Cents(1_000_000_000_000);

/// The highest price of a trigger: ten billion dollars a share.
pub const TRIGGER_MAX: Price = Price::from_units(AMOUNT_MAX.0 * UNITS_PER_CENT);

/// Money in whole cents.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Cents(pub i64);

/// A number of whole shares (rule A1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Shares(pub i64);

impl Cents {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// Above zero.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// The same amount as a price a share; `None` above about 92 billion dollars.
    pub const fn as_price(self) -> Option<Price> {
        match self.0.checked_mul(UNITS_PER_CENT) {
            Some(units) => Some(Price::from_units(units)),
            None => None,
        }
    }
}

impl Shares {
    /// No shares.
    pub const ZERO: Self = Self(0);

    /// Above zero.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }
}

impl fmt::Display for Cents {
    /// Dollars with both digits of the cents: `500.00`, `-0.05`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:02}", magnitude / 100, magnitude % 100)
    }
}

impl fmt::Debug for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cents({self})")
    }
}

impl fmt::Display for Shares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Shares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shares({})", self.0)
    }
}

/// A price as people write it: all its digits, and at least both of the cents: `150.20`, `0.3333`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Dollars(pub Price);

impl fmt::Display for Dollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.0.units();
        if units % UNITS_PER_CENT == 0 {
            return fmt::Display::fmt(&Cents(units / UNITS_PER_CENT), f);
        }
        // What is no whole number of cents has three decimals or more.
        fmt::Display::fmt(&self.0, f)
    }
}

/// The whole shares an amount buys at a price, rounded down (rule A1).
///
/// `None` when the price is not positive, the amount is negative, or the number does not fit.
pub fn whole_shares(amount: Cents, price: Price) -> Option<Shares> {
    if !price.is_positive() || amount.0 < 0 {
        return None;
    }
    // Amounts that a command may name take the short division.
    if let Some(units) = amount.0.checked_mul(UNITS_PER_CENT) {
        return Some(Shares(units / price.units()));
    }
    let units = i128::from(amount.0) * i128::from(UNITS_PER_CENT);
    i64::try_from(units / i128::from(price.units())).ok().map(Shares)
}

/// What so many shares cost at a price, in cents rounded up.
///
/// Never more than the amount from which [`whole_shares`] made the number. `None` when
/// either is negative or the cost does not fit.
pub fn cost(shares: Shares, price: Price) -> Option<Cents> {
    cents(shares, price, UNITS_PER_CENT - 1)
}

/// What so many shares bring at a price, in cents rounded down.
///
/// `None` when either is negative or the proceeds do not fit.
pub fn proceeds(shares: Shares, price: Price) -> Option<Cents> {
    cents(shares, price, 0)
}

/// `(shares × price + extra)` price units in cents, rounded down.
fn cents(shares: Shares, price: Price, extra: i64) -> Option<Cents> {
    if shares.0 < 0 || price.units() < 0 {
        return None;
    }
    // Nearly every purchase and sale takes the short way.
    let short = shares.0.checked_mul(price.units()).and_then(|units| units.checked_add(extra));
    if let Some(units) = short {
        return Some(Cents(units / UNITS_PER_CENT));
    }
    let units = i128::from(shares.0) * i128::from(price.units()) + i128::from(extra);
    i64::try_from(units / i128::from(UNITS_PER_CENT)).ok().map(Cents)
}

/// Whether so many shares are worth at least the amount at a price, compared exactly (rule A2).
pub fn covers(shares: Shares, price: Price, amount: Cents) -> bool {
    i128::from(shares.0) * i128::from(price.units()) >= i128::from(amount.0) * i128::from(UNITS_PER_CENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dollars(text: &str) -> Price {
        text.parse().unwrap()
    }

    #[test]
    fn whole_cent_prices_are_never_rounded() {
        // Amount, price, shares, cost.
        for (amount, price, shares, total) in [
            (27_683, "10.00", 27, 27_000),
            (50_000, "150.23", 3, 45_069),
            (100, "1.00", 1, 100),
            (99, "1.00", 0, 0),
            (1, "0.01", 1, 1),
        ] {
            let n = whole_shares(Cents(amount), dollars(price)).unwrap();
            assert_eq!(n, Shares(shares), "{amount} at {price}");
            assert_eq!(cost(n, dollars(price)), Some(Cents(total)));
            assert_eq!(proceeds(n, dollars(price)), Some(Cents(total)));
        }
    }

    #[test]
    fn sub_penny_prices_cost_up_and_bring_down() {
        let price = dollars("0.3333");
        assert_eq!(whole_shares(Cents(100), price), Some(Shares(3)));
        assert_eq!(cost(Shares(1), price), Some(Cents(34)));
        assert_eq!(proceeds(Shares(1), price), Some(Cents(33)));
        assert_eq!(proceeds(Shares(1), dollars("0.00000001")), Some(Cents(0)));
    }

    #[test]
    fn what_does_not_fit_is_none() {
        assert_eq!(whole_shares(Cents(1), Price::ZERO), None);
        assert_eq!(whole_shares(Cents(-1), dollars("1")), None);
        assert_eq!(whole_shares(Cents(i64::MAX), dollars("0.00000001")), None);
        assert_eq!(cost(Shares(i64::MAX), dollars("90000000000")), None);
        assert_eq!(proceeds(Shares(-1), dollars("1")), None);
    }

    #[test]
    fn shows_dollars() {
        for (cents, text) in
            [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (50_000, "500.00"), (-12_345, "-123.45")]
        {
            assert_eq!(Cents(cents).to_string(), text);
        }
        assert_eq!(Cents(i64::MIN).to_string(), "-92233720368547758.08");
    }

    proptest! {
        #[test]
        fn cost_is_within_the_amount(amount in 1i64..=AMOUNT_MAX.0, units in 1i64..=i64::MAX) {
            let price = Price::from_units(units);
            let n = whole_shares(Cents(amount), price).unwrap();
            let total = cost(n, price).unwrap();
            prop_assert!(total <= Cents(amount));
            prop_assert!(covers(n, price, proceeds(n, price).unwrap()));
            // One more share would not be covered.
            prop_assert!(i128::from(n.0 + 1) * i128::from(units) > i128::from(amount) * 1_000_000);
        }
    }
}
