/** An article's title, leading to where it was published, in a window of its own. */
import type { ArticleBody } from '../../domain/api-types';
import { webLink } from '../../domain/news-words';
import './parts.css';

export function SourceLink({ article }: { article: Pick<ArticleBody, 'url' | 'title'> }) {
  const href = webLink(article.url);
  if (href === null) return <span className="headline">{article.title}</span>;
  return (
    <a className="headline" href={href} target="_blank" rel="noopener noreferrer">
      {article.title}
      <span className="unseen"> (opens in a new window)</span>
    </a>
  );
}
