/** Notifications among the account's pages, joined here since neither knows the other. */
import { DeskTabs } from '../features/desk/desk-tabs';
import { NotificationsPage } from '../features/notify/notifications-page';
import '../features/desk/account.css';

export function NotificationsPane({ onTitle }: { onTitle: (title: string) => void }) {
  return <NotificationsPage tabs={<DeskTabs current="notifications" />} onTitle={onTitle} />;
}
