/** The way to the list of alerts. */
import { alertsPath } from '../../domain/paths';
import { BellIcon } from '../../ui/icons';
import { Link } from '../../ui/link';

export function AlertsLink({ isCurrent }: { isCurrent: boolean }) {
  return (
    <Link
      href={alertsPath}
      className="button button--bare"
      aria-label="Alerts"
      title="Alerts (L)"
      {...(isCurrent ? { 'aria-current': 'page' as const } : {})}
    >
      <BellIcon />
    </Link>
  );
}
