/** Something asked of the server, one at a time, with what came of it. */
import { useRef, useState } from 'react';
import { wordsOf } from '../../ui/refused';

export type Deed = {
  isBusy: boolean;
  refusal: string | null;
  refuse: (words: string | null) => void;
  /** False where it was refused, or something else is under way. */
  run: (deed: () => Promise<void>) => Promise<boolean>;
};

export function useDeed(): Deed {
  const [isBusy, setBusy] = useState(false);
  const [refusal, refuse] = useState<string | null>(null);
  const busy = useRef(false);
  async function run(deed: () => Promise<void>): Promise<boolean> {
    if (busy.current) return false;
    busy.current = true;
    setBusy(true);
    refuse(null);
    try {
      await deed();
      return true;
    } catch (error) {
      refuse(wordsOf(error));
      return false;
    } finally {
      busy.current = false;
      setBusy(false);
    }
  }
  return { isBusy, refusal, refuse, run };
}
