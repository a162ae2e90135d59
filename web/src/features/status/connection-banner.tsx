/** Says that the connection is gone, since when, and when it is tried again. */
import { useEffect, useState } from 'react';
import { formatClock } from '../../domain/time';
import { useLink, useStream } from '../live';
import { useToaster } from '../../ui/toast';
import { useSecond } from './status-strip';

const wallNow = () => Date.now();
/** A first connection is usually there before anyone could read a banner. */
const PATIENCE_MS = 1500;

export function ConnectionBanner() {
  const { connection } = useStream();
  const link = useLink();
  const toaster = useToaster();
  const now = useSecond(wallNow);
  const [begun] = useState(wallNow);
  const [wasLost, setWasLost] = useState(false);
  const connected = link.phase === 'open';
  const retryAt = link.phase === 'waiting' ? link.retryAt : null;

  if (!connected && link.everOpen && !wasLost) setWasLost(true);
  useEffect(() => {
    if (!connected || !wasLost) return;
    const timer = window.setTimeout(() => {
      setWasLost(false);
      toaster.show({ text: 'Connected again. Prices are fresh.' });
    });
    return () => window.clearTimeout(timer);
  }, [connected, wasLost, toaster]);

  if (connected) return null;
  if (!link.everOpen && now - begun < PATIENCE_MS) return null;
  const seconds = retryAt === null ? 0 : Math.max(0, Math.ceil((retryAt - now) / 1000));
  return (
    <section className="banner" aria-label="Connection">
      {/* Only this sentence is read aloud; the countdown beside it would never stop talking. */}
      <span role="alert">
        <strong>{link.everOpen ? 'Connection lost.' : 'The server cannot be reached.'}</strong>{' '}
        {link.everOpen && link.lastHeardAt !== null
          ? `Prices are as of ${formatClock(link.lastHeardAt)} and marked stale.`
          : 'Prices will appear as soon as it answers.'}
      </span>
      <span className="banner__next">
        {seconds > 0 ? `Trying again in ${seconds} s` : 'Trying again…'}
      </span>
      <button
        type="button"
        className="button"
        disabled={link.phase !== 'waiting'}
        onClick={() => connection.retryNow()}
      >
        Try now
      </button>
    </section>
  );
}
