#!/usr/bin/env python3
"""Bars of a trade file, straight from the definition and from nothing else.

An independent calculation to hold `bellwether bars` against: exact fractions instead of fixed point,
all trades of a window at once instead of one after the other. Prints the same CSV; of several sessions
and intervals one after the other, with an empty line between.

    bars_by_definition.py FILE [--interval 1m,5m] [--session all,extended]
    bars_by_definition.py FILE --copy OUT [--shuffle SEED]
"""

import argparse
import csv
import datetime
import gzip
import random
import zoneinfo
from collections import defaultdict
from decimal import Decimal, localcontext
from fractions import Fraction

SECONDS = {"1s": 1, "1m": 60, "5m": 300, "15m": 900, "1h": 3600, "1d": 86400}
NEW_YORK = zoneinfo.ZoneInfo("America/New_York")
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)

# What a letter lets a trade update: last (open, close), high and low, volume. Letters that are not here
# let it update everything.
NOTHING = (False, False, False)
VOLUME_ONLY = (False, False, True)
NOT_LAST = (False, True, True)
NOT_VOLUME = (True, True, False)
LETTERS = {
    **dict.fromkeys("MQ", NOTHING),
    **dict.fromkeys("CHINTUVW7", VOLUME_ONLY),
    **dict.fromkeys("GPRZ4", NOT_LAST),
    **dict.fromkeys("9", NOT_VOLUME),
}
EVERYTHING = (True, True, True)


def opened(path):
    """The file as text, compressed or not."""
    with open(path, "rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rt", newline="") if compressed else open(path, newline="")


def may_update(conditions, without):
    """What a trade may update: only what every one of its letters allows."""
    allowed = EVERYTHING
    for letter in conditions:
        if letter not in without:
            allowed = tuple(a and b for a, b in zip(allowed, LETTERS.get(letter, EVERYTHING)))
    return allowed


def good_trades(path):
    """(symbol, microseconds, row, price, size, conditions, within regular hours) of the good trades."""
    with opened(path) as file:
        for number, row in enumerate(csv.DictReader(file)):
            if row["correction"] not in ("0", "1"):
                continue
            time = datetime.datetime.fromisoformat(row["time"]).replace(tzinfo=datetime.timezone.utc)
            clock = time.astimezone(NEW_YORK).time()
            in_hours = datetime.time(9, 30) <= clock < datetime.time(16)
            microseconds = (time - EPOCH) // datetime.timedelta(microseconds=1)
            yield (
                row["symbol"],
                microseconds,
                number,
                Fraction(row["price"]),
                Fraction(row["size"]),
                row["conditions"],
                in_hours,
            )


def plain(value):
    """A fraction that is a decimal, without trailing zeros."""
    with localcontext() as context:
        context.prec = 60
        text = format(Decimal(value.numerator) / Decimal(value.denominator), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def bars(good, interval, session):
    """Lines of CSV by symbol and start."""
    windows = defaultdict(list)
    length = SECONDS[interval] * 1_000_000
    for symbol, time, number, price, size, conditions, in_hours in good:
        if session == "regular" and not in_hours and not set("O6") & set(conditions):
            continue
        may = may_update(conditions, "T" if session == "extended" and not in_hours else "")
        windows[symbol, time // length].append((time, number, price, size, may))
    for (symbol, window), held in sorted(windows.items()):
        held.sort(key=lambda trade: trade[:2])
        of = [[trade[2:4] for trade in held if trade[4][figure]] for figure in range(3)]
        last, high_low, volume = of
        if not last:
            continue
        first_price, last_price = last[0][0], last[-1][0]
        range_of = [price for price, _ in high_low] + [first_price, last_price]
        value = sum(price * size for price, size in last)
        # round() of a fraction is half-even.
        vwap = Fraction(round(value / sum(size for _, size in last) * 10**6), 10**6)
        start = EPOCH + datetime.timedelta(seconds=window * SECONDS[interval])
        figures = [first_price, max(range_of), min(range_of), last_price, sum(size for _, size in volume)]
        yield ",".join(
            [symbol, start.strftime("%Y-%m-%dT%H:%M:%SZ")]
            + [plain(Fraction(figure)) for figure in figures]
            + [str(len(volume)), plain(vwap)]
        )


def copy(path, out, seed):
    """Writes the file again, plain, and with a seed its rows in another order."""
    with opened(path) as file:
        header, *rows = csv.reader(file)
    if seed is not None:
        random.Random(seed).shuffle(rows)
    with open(out, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--interval", default="1m", help="of " + ", ".join(SECONDS))
    parser.add_argument("--session", default="all", help="of regular, all, extended")
    parser.add_argument("--copy", metavar="OUT")
    parser.add_argument("--shuffle", metavar="SEED", type=int)
    given = parser.parse_args()
    if given.copy:
        copy(given.file, given.copy, given.shuffle)
        return
    good = list(good_trades(given.file))
    tables = []
    for session in given.session.split(","):
        for interval in given.interval.split(","):
            lines = ["symbol,start,open,high,low,close,volume,trades,vwap", *bars(good, interval, session)]
            tables.append("\n".join(lines) + "\n")
    print("\n".join(tables), end="")


if __name__ == "__main__":
    main()
