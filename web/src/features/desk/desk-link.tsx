/** The way to the account from anywhere, with what is available and what waits for a commit. */
import { countdown, formatCountdown } from '../../domain/countdown';
import { openTickets } from '../../domain/desk-state';
import { centsOf, formatMoney } from '../../domain/money';
import { accountPath } from '../../domain/paths';
import { WalletIcon } from '../../ui/icons';
import { Link } from '../../ui/link';
import { useDesk, useServerNow } from './hooks';
import './desk-link.css';

export function DeskLink({ isCurrent }: { isCurrent: boolean }) {
  const { state } = useDesk();
  const open = openTickets(state);
  const now = useServerNow(500, open.length > 0);
  const { account } = state;
  const soonest = Math.min(...open.map((ticket) => countdown(ticket, now).seconds));
  return (
    <Link
      href={accountPath}
      className="button button--bare wallet"
      title="Account (A)"
      {...(isCurrent ? { 'aria-current': 'page' as const } : {})}
    >
      <WalletIcon />
      <span className="wallet__cash">
        {account?.is_open ? (
          <>
            <span className="unseen">Account, </span>
            {formatMoney(centsOf(account.cash.available))}
            <span className="unseen"> available</span>
          </>
        ) : (
          'Account'
        )}
      </span>
      {open.length > 0 && (
        <span className="wallet__open" data-testid="waiting">
          <span className="unseen">
            , {open.length} open {open.length === 1 ? 'ticket' : 'tickets'},{' '}
          </span>
          <span aria-hidden="true">◷ {open.length > 1 && `${open.length} · `}</span>
          {formatCountdown(soonest)}
        </span>
      )}
    </Link>
  );
}
