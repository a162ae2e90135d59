/** Says that an alert has fired wherever the reader is, as long as the page is open. */
import { useEffect } from 'react';
import { useStream } from '../live';
import { useToaster } from '../../ui/toast';
import { useFollowAlerts } from './use-alerts';

export function AlertNewsToasts() {
  const stream = useStream();
  const toaster = useToaster();
  useFollowAlerts();
  useEffect(
    () =>
      stream.alerts.watchFirings(({ text, note, not_before }) => {
        // In its owner's quiet hours it stands in the list, and disturbs nobody.
        if (not_before !== null && Date.parse(not_before) > stream.serverNow()) return;
        toaster.show({ text: `◉ ${text}${note ? ` · ${note}` : ''}` });
      }),
    [stream, toaster],
  );
  return null;
}
