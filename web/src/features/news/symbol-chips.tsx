/** The symbols an article is about, each with why. */
import type { LinkBody } from '../../domain/api-types';
import { evidenceWords } from '../../domain/news-words';
import { symbolPath } from '../../domain/paths';
import { asSymbol, splitSymbol } from '../../domain/symbol';
import { Link } from '../../ui/link';
import { Tip } from '../../ui/tip';
import './parts.css';

/** As many as a line has room for; an article about more is about none in particular. */
const SHOWN = 6;

export function SymbolChips({ symbols }: { symbols: readonly LinkBody[] }) {
  if (symbols.length === 0) return null;
  return (
    <ul className="chips" aria-label="Symbols">
      {symbols.slice(0, SHOWN).map(({ symbol, evidence }) => (
        <li key={symbol}>
          <Tip words={evidence.map(evidenceWords)}>
            {(describedBy) => (
              <Link
                href={symbolPath(asSymbol(symbol))}
                className="chip"
                {...(describedBy ? { 'aria-describedby': describedBy } : {})}
              >
                {splitSymbol(asSymbol(symbol)).local}
              </Link>
            )}
          </Tip>
        </li>
      ))}
      {symbols.length > SHOWN && <li className="chips__more">and {symbols.length - SHOWN} more</li>}
    </ul>
  );
}
