/** Below the chart: the articles about its symbol, and what the price did after each. */
import { useId } from 'react';
import type { ArticleBody, ImpactBody, PooledBody } from '../../domain/api-types';
import { newsPathOf, allNews } from '../../domain/news-filter';
import {
  chanceWords,
  pooledWords,
  referenceWords,
  sourceName,
  updatesWords,
} from '../../domain/news-words';
import { directionGlyph, directionOf, directionWord, formatPercent } from '../../domain/price';
import type { MarketSymbol } from '../../domain/symbol';
import { formatDay, formatHourMinute, zoneLabel, type Zone } from '../../domain/time';
import { Link } from '../../ui/link';
import { wordsOf } from '../../ui/refused';
import { Tip } from '../../ui/tip';
import { Sentiment } from './sentiment';
import { SourceLink } from './source-link';
import type { useSymbolNews } from './use-symbol-news';

type Props = {
  symbol: MarketSymbol;
  zone: Zone;
  news: ReturnType<typeof useSymbolNews>;
  /** Shows a moment in the chart. */
  onShow: (at: number) => void;
};

export function NewsTable({ symbol, zone, news, onShow }: Props) {
  const id = useId();
  const { articles, pooled, isPending, isError } = news;
  return (
    <section className="symbolnews" aria-labelledby={id}>
      <header className="symbolnews__head">
        <h2 id={id}>News</h2>
        {articles.length > 0 && (
          <Link href={newsPathOf({ ...allNews, symbol })}>Search all news of {symbol}</Link>
        )}
      </header>
      {isPending && <p role="status">Loading articles…</p>}
      {isError && articles.length === 0 && (
        <p role="alert">The articles could not be loaded. {wordsOf(news.error)}</p>
      )}
      {!isPending && !isError && articles.length === 0 && (
        <p className="symbolnews__none">
          No stored article is about {symbol}. What comes is shown here and marked in the chart.
        </p>
      )}
      {articles.length > 0 && (
        <>
          <Together pooled={pooled} articles={articles} />
          <table className="newstable">
            <thead>
              <tr>
                {[
                  'Time',
                  'Title',
                  'Source',
                  'Tone',
                  'Move after it',
                  'Beyond the usual',
                  't',
                  'n',
                ].map((label) => (
                  <th key={label} scope="col">
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {articles.map((article) => (
                <Row key={article.id} article={article} zone={zone} onShow={onShow} />
              ))}
            </tbody>
          </table>
          {news.hasNextPage && (
            <button
              type="button"
              className="button symbolnews__more"
              aria-disabled={news.isFetchingNextPage}
              onClick={() => {
                if (!news.isFetchingNextPage) void news.fetchNextPage();
              }}
            >
              {news.isFetchingNextPage ? 'Loading…' : 'Show earlier'}
            </button>
          )}
        </>
      )}
    </section>
  );
}

/** All of them together, and what no figure of these says. */
function Together({
  pooled,
  articles,
}: {
  pooled: PooledBody | null;
  articles: readonly ArticleBody[];
}) {
  const minutes = articles.find(({ impact }) => impact)?.impact?.minutes ?? 30;
  const words = pooledWords(pooled, minutes);
  return (
    <p className="symbolnews__words">
      {words && <>{words} </>}
      This is association, not cause: other things happen at the same time.
    </p>
  );
}

type RowProps = { article: ArticleBody; zone: Zone; onShow: (at: number) => void };

function Row({ article, zone, onShow }: RowProps) {
  const at = Date.parse(article.published_at);
  const when = `${formatDay(at, zone)} ${formatHourMinute(at, zone)}`;
  const updates = updatesWords(article.updates);
  return (
    <tr data-article={article.id}>
      <td data-label="Time">
        <button
          type="button"
          className="moment"
          title="Show in the chart"
          aria-label={`${when} ${zoneLabel[zone]}, show in the chart`}
          onClick={() => onShow(at)}
        >
          {when}
        </button>
      </td>
      <th scope="row">
        <SourceLink article={article} />
        {updates && <small> {updates}</small>}
      </th>
      <td data-label="Source">{sourceName(article.source)}</td>
      <td data-label="Tone">
        <Sentiment sentiment={article.sentiment} />
      </td>
      <Measured impact={article.impact} />
    </tr>
  );
}

function Measured({ impact }: { impact: ImpactBody | null }) {
  const study = impact?.study;
  if (!study)
    return (
      <td colSpan={4} className="newstable__whynot" data-label="Move after it">
        {impact?.why_not ?? 'not measured yet'}
      </td>
    );
  const { change_percent: change, abnormal_percent: abnormal, t, n, references } = study;
  const direction = directionOf(change);
  return (
    <>
      <td data-label="Move after it" className={`is-${direction}`}>
        <span className="unseen">{directionWord[direction]} </span>
        <span aria-hidden="true">{directionGlyph[direction]} </span>
        {formatPercent(change)}
      </td>
      <td data-label="Beyond the usual">{formatPercent(abnormal)}</td>
      <td data-label="t">
        <Tip words={[`${sentence(chanceWords(t))}, were it compared with nothing but ${n} times.`]}>
          {(describedBy) => (
            <button type="button" className="moment" aria-describedby={describedBy}>
              {t.toFixed(1).replace('-', '−')}
            </button>
          )}
        </Tip>
      </td>
      <td data-label="n" title={`Compared with ${referenceWords[references]}`}>
        {n}
      </td>
    </>
  );
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
