/** The figures people look up first; what the provider does not give is said to be missing. */
import type { InstrumentDetail, QuoteFigures } from '../../domain/api-types';
import { formatCompact, formatPrice, formatSize, decimalsOf } from '../../domain/price';

type Props = { figures: QuoteFigures | null; detail: InstrumentDetail | undefined };

const MISSING = 'not available';

function price(value: number | null | undefined, decimals: number): string {
  return value === null || value === undefined ? MISSING : formatPrice(value, decimals);
}

export function KeyFigures({ figures, detail }: Props) {
  const last = figures?.price ?? null;
  const decimals = last === null ? 2 : decimalsOf(last);
  const card = detail?.card;
  const text = (value: string | null | undefined) => value ?? MISSING;
  return (
    <section aria-label="Key figures">
      <dl className="figures">
        <Figure label="Open" value={price(figures?.open, decimals)} />
        <Figure label="Previous close" value={price(figures?.previous_close, decimals)} />
        <Range label="Day range" low={figures?.low} high={figures?.high} {...{ last, decimals }} />
        <Range
          label="52-week range"
          low={card?.week_52_low}
          high={card?.week_52_high}
          {...{ last, decimals }}
        />
        <Figure
          label="Volume"
          value={figures?.volume == null ? MISSING : formatSize(figures.volume)}
        />
        <Figure
          label="Market cap"
          value={card?.market_cap == null ? MISSING : formatCompact(card.market_cap)}
          note={card?.market_cap == null ? undefined : text(detail?.currency)}
        />
        <Figure label="P/E" value={card?.pe_ratio == null ? MISSING : card.pe_ratio.toFixed(2)} />
        <Figure
          label="Shares outstanding"
          value={
            card?.shares_outstanding == null ? MISSING : formatCompact(card.shares_outstanding)
          }
        />
        <Figure label="Sector" value={text(detail?.sector)} />
        <Figure label="Industry" value={text(detail?.industry)} />
      </dl>
    </section>
  );
}

function Figure({
  label,
  value,
  note,
}: {
  label: string;
  value: string;
  note?: string | undefined;
}) {
  return (
    <div className="figure">
      <dt>{label}</dt>
      <dd className={value === MISSING ? 'figure__none' : ''}>
        {value} {note && <small>{note}</small>}
      </dd>
    </div>
  );
}

type RangeProps = {
  label: string;
  low: number | null | undefined;
  high: number | null | undefined;
  last: number | null;
  decimals: number;
};

function Range({ label, low, high, last, decimals }: RangeProps) {
  const known = low != null && high != null;
  const place =
    known && last !== null && high > low
      ? Math.max(0, Math.min(1, (last - low) / (high - low)))
      : null;
  return (
    <div className="figure figure--range">
      <dt>{label}</dt>
      {known ? (
        <dd>
          <span className="figure__ends">
            <span>{formatPrice(low, decimals)}</span>
            <span className="unseen"> to </span>
            <span>{formatPrice(high, decimals)}</span>
          </span>
          <span className="figure__track" aria-hidden="true">
            {place !== null && <span style={{ left: `${(place * 100).toFixed(1)}%` }} />}
          </span>
        </dd>
      ) : (
        <dd className="figure__none">{MISSING}</dd>
      )}
    </div>
  );
}
