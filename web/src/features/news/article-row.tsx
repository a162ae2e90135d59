/** One article of the list: what, when, where from, about whom, and in what tone. */
import { memo } from 'react';
import type { ArticleBody } from '../../domain/api-types';
import { ageWords, sourceName, updatesWords } from '../../domain/news-words';
import { formatDay, formatHourMinute } from '../../domain/time';
import { Sentiment } from './sentiment';
import { SourceLink } from './source-link';
import { SymbolChips } from './symbol-chips';

type Props = { article: ArticleBody; now: number };

export const ArticleRow = memo(function ArticleRow({ article, now }: Props) {
  const at = Date.parse(article.published_at);
  const updates = updatesWords(article.updates);
  return (
    <li className="article" data-article={article.id}>
      <p className="article__facts">
        <time dateTime={article.published_at} title={`${formatDay(at)} ${formatHourMinute(at)}`}>
          {formatDay(at) === formatDay(now) ? '' : `${formatDay(at)}, `}
          {formatHourMinute(at)} · {ageWords(now - at)}
        </time>
        <span>{sourceName(article.source)}</span>
        {updates && <span>{updates}</span>}
      </p>
      <h2 className="article__title">
        <SourceLink article={article} />
      </h2>
      {article.summary && <p className="article__summary">{article.summary}</p>}
      <div className="article__about">
        <Sentiment sentiment={article.sentiment} />
        <SymbolChips symbols={article.symbols} />
      </div>
    </li>
  );
});
