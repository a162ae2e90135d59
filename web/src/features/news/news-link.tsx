/** The way to the news. */
import { newsPath } from '../../domain/paths';
import { PaperIcon } from '../../ui/icons';
import { Link } from '../../ui/link';

export function NewsLink({ isCurrent }: { isCurrent: boolean }) {
  return (
    <Link
      href={newsPath}
      className="button button--bare"
      aria-label="News"
      title="News (N)"
      {...(isCurrent ? { 'aria-current': 'page' as const } : {})}
    >
      <PaperIcon />
    </Link>
  );
}
