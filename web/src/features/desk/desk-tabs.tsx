/** The pages of the account. */
import { accountPath, notificationsPath, transactionsPath } from '../../domain/paths';
import { Link } from '../../ui/link';

export function DeskTabs({ current }: { current: 'account' | 'transactions' | 'notifications' }) {
  const pages = [
    { id: 'account', path: accountPath, label: 'Account' },
    { id: 'transactions', path: transactionsPath, label: 'Transactions' },
    { id: 'notifications', path: notificationsPath, label: 'Notifications' },
  ];
  return (
    <nav className="choice" aria-label="Account pages">
      {pages.map(({ id, path, label }) => (
        <Link
          key={id}
          href={path}
          className="choice__one choice__link"
          {...(id === current ? { 'aria-current': 'page' as const } : {})}
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}
