/** Search as an ARIA combobox: type, choose with the arrows, Enter. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import type { Instrument } from '../../domain/api-types';
import { asSymbol, parseSymbols, splitSymbol, type MarketSymbol } from '../../domain/symbol';
import { CheckIcon, CloseIcon, SearchIcon } from '../../ui/icons';
import { searchQuery } from './search-symbols';
import './search.css';

const DEBOUNCE_MS = 50;

type Props = {
  field: RefObject<HTMLInputElement | null>;
  /** What Enter does first: add to the list where a list is in front, open where a chart is. */
  prefer: 'add' | 'open';
  has: (symbol: MarketSymbol) => boolean;
  onAdd: (symbols: readonly MarketSymbol[]) => void;
  onOpen: (symbol: MarketSymbol) => void;
};

type Option =
  | { kind: 'one'; symbol: MarketSymbol; instrument: Instrument }
  | { kind: 'many'; symbols: MarketSymbol[] };

export function Search({ field, prefer, has, onAdd, onOpen }: Props) {
  const [text, setText] = useState('');
  const [settled, setSettled] = useState('');
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const id = useId();

  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(text), text.trim() ? DEBOUNCE_MS : 0);
    return () => window.clearTimeout(timer);
  }, [text]);

  const many = text.includes(',') ? parseSymbols(text) : [];
  const found = useQuery(searchQuery(many.length > 1 ? '' : settled));
  const typed = text.trim() !== '';
  const options: Option[] =
    many.length > 1
      ? [{ kind: 'many', symbols: many }]
      : typed && settled.trim()
        ? (found.data ?? []).map((instrument) => ({
            kind: 'one',
            symbol: asSymbol(instrument.symbol),
            instrument,
          }))
        : [];
  const at = Math.min(chosen, options.length - 1);
  const shown = open && typed;
  const chosenOne = options[at];
  const listed = chosenOne?.kind === 'one' && has(chosenOne.symbol);
  const deed = chosenOne?.kind === 'many' ? 'add' : listed ? 'open' : prefer;
  const waiting = text !== settled || found.isFetching;

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  function close() {
    setText('');
    setSettled('');
    setOpen(false);
    setChosen(0);
  }

  function act(option: Option | undefined, other: boolean) {
    if (!option) return;
    if (option.kind === 'many') onAdd(option.symbols);
    else {
      const add = !has(option.symbol) && (prefer === 'add') !== other;
      if (add) onAdd([option.symbol]);
      else onOpen(option.symbol);
    }
    close();
  }

  function onKey(event: KeyboardEvent) {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      setOpen(true);
      const step = event.key === 'ArrowDown' ? 1 : -1;
      if (options.length > 0) setChosen((at + step + options.length) % options.length);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      // What is listed may belong to an earlier text: acting on it would be a surprise.
      if (!waiting || many.length > 1) act(options[at], event.shiftKey);
    } else if (event.key === 'Escape') {
      event.preventDefault();
      if (typed) close();
      else field.current?.blur();
    } else if (event.key === 'Tab') setOpen(false);
  }

  return (
    <search className="search">
      <span className="search__icon">
        <SearchIcon />
      </span>
      <input
        ref={field}
        className="search__field"
        type="text"
        role="combobox"
        aria-label="Find a symbol or company"
        aria-expanded={shown}
        aria-controls={`${id}list`}
        aria-autocomplete="list"
        aria-activedescendant={shown && options[at] ? `${id}${at}` : undefined}
        placeholder="Symbol or company"
        autoComplete="off"
        autoCapitalize="characters"
        autoCorrect="off"
        spellCheck={false}
        enterKeyHint="go"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setOpen(true);
          setChosen(0);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKey}
      />
      {typed ? (
        <button
          type="button"
          className="button button--bare search__clear"
          aria-label="Clear the search"
          onClick={() => {
            close();
            field.current?.focus();
          }}
        >
          <CloseIcon size={14} />
        </button>
      ) : (
        <kbd className="search__key" aria-hidden="true">
          /
        </kbd>
      )}
      <div className="search__panel" hidden={!shown}>
        <ul role="listbox" id={`${id}list`} aria-label="Symbols found" ref={list}>
          {options.map((option, i) => (
            // The field keeps the focus and hears the keys, as the combobox pattern has it.
            // eslint-disable-next-line jsx-a11y/click-events-have-key-events
            <li
              key={option.kind === 'one' ? option.symbol : 'many'}
              id={`${id}${i}`}
              role="option"
              tabIndex={-1}
              aria-selected={i === at}
              className="found"
              onPointerMove={() => setChosen(i)}
              onPointerDown={(event) => event.preventDefault()}
              onClick={(event) => act(option, event.shiftKey)}
            >
              {option.kind === 'one' ? (
                <Found option={option} listed={has(option.symbol)} prefer={prefer} />
              ) : (
                <span>Add {option.symbols.join(', ')} to the list</span>
              )}
            </li>
          ))}
        </ul>
        <Message
          text={settled}
          waiting={waiting}
          error={found.error}
          none={options.length === 0}
          onRetry={() => void found.refetch()}
        />
        {options.length > 0 && (
          <p className="search__foot" aria-hidden="true">
            <span>
              <kbd>↑</kbd> <kbd>↓</kbd> choose
            </span>
            <span>
              <kbd>Enter</kbd> {deed === 'add' ? 'add to list' : 'open chart'}
            </span>
            {!listed && (
              <span>
                <kbd>Shift</kbd> <kbd>Enter</kbd> {deed === 'add' ? 'open chart' : 'add to list'}
              </span>
            )}
          </p>
        )}
      </div>
      <span className="unseen" aria-live="polite">
        {shown && !waiting && options.length > 0 ? `${options.length} found` : ''}
      </span>
    </search>
  );
}

type FoundProps = {
  option: Option & { kind: 'one' };
  listed: boolean;
  prefer: 'add' | 'open';
};

function Found({ option: { symbol, instrument }, listed, prefer }: FoundProps) {
  return (
    <>
      <span className="found__symbol">{splitSymbol(symbol).local}</span>
      <span className="found__name">{instrument.name}</span>
      <span className="found__where">
        {[instrument.exchange, instrument.kind].filter(Boolean).join(' · ')}
      </span>
      <span className="found__deed">
        {listed ? (
          <>
            <CheckIcon /> <span className="found__word">in list</span>
          </>
        ) : (
          <span className="found__word">{prefer}</span>
        )}
      </span>
    </>
  );
}

type MessageProps = {
  text: string;
  waiting: boolean;
  error: Error | null;
  none: boolean;
  onRetry: () => void;
};

function Message({ text, waiting, error, none, onRetry }: MessageProps) {
  if (error && !waiting)
    return (
      <p className="search__message" role="alert">
        The search did not work: {error.message}{' '}
        <button
          type="button"
          className="button"
          onPointerDown={(event) => event.preventDefault()}
          onClick={onRetry}
        >
          Try again
        </button>
      </p>
    );
  if (!none) return null;
  if (waiting)
    return (
      <p className="search__message">
        <span className="skeleton" style={{ width: '60%' }} />
      </p>
    );
  return (
    <p className="search__message" role="status">
      Nothing is called “{text.trim()}”. Try part of the company’s name, or another spelling.
    </p>
  );
}
