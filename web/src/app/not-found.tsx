/** For addresses that lead nowhere. */
import { useEffect, useRef } from 'react';
import { watchlistPath } from '../domain/paths';
import { Link } from '../ui/link';

export function NotFound() {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <div className="notice">
      <h1 tabIndex={-1} ref={heading}>
        There is no such page
      </h1>
      <p>The address may be cut short, or the symbol in it is not written as symbols are.</p>
      <Link href={watchlistPath} className="button button--main">
        To the watch list
      </Link>
    </div>
  );
}
