"""Drives the Finnhub look-alike with the public client, told nothing but the address.

Usage: finnhub_client.py BASE_URL KEY TIGHT_URL   (TIGHT_URL allows five calls a minute and candles)
"""

import sys
import time
from datetime import date, timedelta

import finnhub

base, key, tight = sys.argv[1:4]
finnhub.Client.API_URL = base
client = finnhub.Client(api_key=key)


def refused(status, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except finnhub.FinnhubAPIException as error:
        assert error.status_code == status, error
        assert error.message and "\n" not in error.message, error.message
        return error
    raise AssertionError(f"{call.__name__} was not refused with {status}")


symbols = client.stock_symbols("US")
assert len(symbols) > 26_000, len(symbols)
by_symbol = {row["symbol"]: row for row in symbols}
gm = by_symbol["GM"]
assert gm["description"] == "GENERAL MOTORS COMPANY" and gm["mic"] == "XNYS", gm
assert gm["type"] == "Common Stock" and gm["currency"] == "USD" and gm["displaySymbol"] == "GM"
assert by_symbol["SPY"]["type"] == "ETP" and "BRK.B" in by_symbol
assert all(row["mic"] == "XNAS" for row in client.stock_symbols("US", mic="XNAS"))

for symbol in ["AAPL", "BRK.B", "BINANCE:BTCUSDT"]:
    quote = client.quote(symbol)
    assert quote["l"] <= quote["c"] <= quote["h"] and quote["l"] <= quote["o"] <= quote["h"], quote
    assert quote["pc"] > 0 and abs(quote["c"] - quote["pc"] - quote["d"]) < 0.01, quote
    assert abs(quote["dp"] - 100 * quote["d"] / quote["pc"]) < 0.001, quote
    assert abs(quote["t"] - time.time()) < 10, quote
unknown = client.quote("NOSUCH")
assert unknown == {"c": 0, "d": None, "dp": None, "h": 0, "l": 0, "o": 0, "pc": 0, "t": 0}, unknown

profile = client.company_profile2(symbol="GM")
assert profile["name"] == "General Motors Company" and profile["ticker"] == "GM", profile
assert profile["exchange"] == "NYSE" and profile["finnhubIndustry"] == "Auto Manufacturers"
assert 20_000 < profile["marketCapitalization"] < 200_000 and profile["shareOutstanding"] > 500
assert client.company_profile2(symbol="NOSUCH") == {}

basics = client.company_basic_financials("GM", "all")
metric = basics["metric"]
assert metric["52WeekLow"] <= client.quote("GM")["c"] * 1.001, metric
assert metric["52WeekHigh"] >= metric["52WeekLow"] and metric["peTTM"] > 0, metric
date.fromisoformat(metric["52WeekHighDate"])
assert basics["symbol"] == "GM" and "series" in basics and basics["metricType"] == "all"

found = client.symbol_lookup("motors")
assert found["count"] == len(found["result"]) and found["result"][0]["symbol"] == "GM", found["result"][:3]
assert client.symbol_lookup("apple")["result"][0]["symbol"] == "AAPL"

today = date.today()
news = client.company_news("TSLA", _from=str(today - timedelta(days=300)), to=str(today))
assert news and all(item["related"] == "TSLA" and item["headline"] for item in news)
assert [n["datetime"] for n in news] == sorted((n["datetime"] for n in news), reverse=True)
general = client.general_news("general", min_id=0)
crypto = client.general_news("crypto")
assert {"category", "datetime", "headline", "id", "image", "related", "source", "summary", "url"} <= set(
    (general + crypto + news)[0]
)
if general:
    newest = general[0]["id"]
    assert client.general_news("general", min_id=newest) == []

status = client.market_status(exchange="US")
assert status["isOpen"] is True and status["session"] == "regular" and status["timezone"] == "America/New_York"
assert client.market_holiday(exchange="US")["data"] == []
assert "BINANCE" in client.crypto_exchanges()
assert any(row["symbol"] == "BINANCE:BTCUSDT" for row in client.crypto_symbols("BINANCE"))

# Its errors.
now = int(time.time())
refused(403, client.stock_candles, "AAPL", "D", now - 30 * 86_400, now)
refused(403, client.stock_symbols, "L")
assert "Invalid API key" in refused(401, finnhub.Client(api_key="wrong").quote, "AAPL").message
refused(429, finnhub.Client(api_key="").quote, "AAPL")

# A plan with candles and few calls, at an address that ends in a slash.
finnhub.Client.API_URL = tight + "/"
candles = client.stock_candles("AAPL", "D", now - 30 * 86_400, now)
assert candles["s"] == "ok" and len(candles["t"]) in (30, 31), candles
assert all(l <= c <= h for l, c, h in zip(candles["l"], candles["c"], candles["h"]))
assert candles["t"] == sorted(candles["t"]) and len(candles["v"]) == len(candles["t"])
weeks = client.stock_candles("AAPL", "W", now - 365 * 86_400, now)
assert 52 <= len(weeks["t"]) <= 54, len(weeks["t"])
assert client.stock_candles("NOSUCH", "D", now - 86_400, now) == {"s": "no_data"}
for _ in range(3):
    try:
        client.quote("AAPL")
    except finnhub.FinnhubAPIException:
        break
error = refused(429, client.quote, "AAPL")
headers = error.response.headers
assert headers["X-Ratelimit-Limit"] == "5" and headers["X-Ratelimit-Remaining"] == "0", headers
assert 0 < int(headers["X-Ratelimit-Reset"]) - now <= 120, headers
print("finnhub-python", finnhub.__version__ if hasattr(finnhub, "__version__") else "", "is content")
