//! Percentages of prices as prices, exactly.

/// One, in millionths.
pub(super) const MILLION: i64 = 1_000_000;

/// The smallest price that is at least `base × (1 + ppm / 1,000,000)`; stops at the ends of the range.
pub(super) fn at_least(base: i64, ppm: i64) -> i64 {
    scaled(base, ppm, true)
}

/// The largest price that is at most `base × (1 + ppm / 1,000,000)`; stops at the ends of the range.
pub(super) fn at_most(base: i64, ppm: i64) -> i64 {
    scaled(base, ppm, false)
}

/// In 64 bits where it fits, which is nearly always: this is done whenever the extreme of a window moves.
fn scaled(base: i64, ppm: i64, up: bool) -> i64 {
    let (whole, rest) = (base.div_euclid(MILLION), base.rem_euclid(MILLION));
    // rest < 10⁶ and |ppm| <= 10¹⁰, so their product fits.
    let part = rest * ppm;
    let floor = part.div_euclid(MILLION);
    let rounded = floor + i64::from(up && part.rem_euclid(MILLION) != 0);
    whole.saturating_mul(ppm).saturating_add(rounded).saturating_add(base)
}

/// The change from one price to another in millionths, towards zero.
pub(crate) fn change_ppm(from: i64, to: i64) -> i64 {
    let change = (i128::from(to) - i128::from(from)) * i128::from(MILLION) / i128::from(from.max(1));
    i64::try_from(change).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn levels_are_the_nearest_prices_on_their_side(base in 1i64..=i64::MAX / 4, ppm in -999_999i64..=1_999_999) {
            let exact = i128::from(base) * i128::from(MILLION + ppm);
            let million = i128::from(MILLION);
            let (least, most) = (i128::from(at_least(base, ppm)), i128::from(at_most(base, ppm)));
            prop_assert!(least * million >= exact && (least - 1) * million < exact);
            prop_assert!(most * million <= exact && (most + 1) * million > exact);
        }
    }

    #[test]
    fn what_does_not_fit_stops_at_the_end() {
        assert_eq!(at_least(i64::MAX / 2, 10_000 * MILLION), i64::MAX);
        assert_eq!(change_ppm(1, i64::MAX), i64::MAX);
        assert_eq!(change_ppm(300, 299), -3_333);
    }
}
