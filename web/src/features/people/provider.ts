/** The provider people may sign in with besides their password, and what became of it. */
import { useQuery } from '@tanstack/react-query';
import type { OidcBody } from '../../domain/api-types';
import { getJson } from '../../stream/request';

/** What people call it; null where there is none, or where that is not known yet. */
export function useProvider(): string | null {
  const { data } = useQuery({
    queryKey: ['oidc'],
    queryFn: ({ signal }) => getJson<OidcBody>('/api/v1/oidc', signal),
    staleTime: Infinity,
  });
  return data?.provider?.name ?? null;
}

const words: Record<string, string> = {
  denied: 'You, or the provider for you, said no. Nothing has changed.',
  away: 'The provider did not answer. Try again in a moment.',
  refused: 'The provider’s answer could not be used. The log of the server says why.',
  late: 'This took too long, or was begun in another browser. Try again.',
  unknown:
    'Nobody here is known by this account. Sign in with your password and link it in the settings, or ask for an invite.',
  disabled: 'You may not sign in here any more. Ask an operator.',
  taken: 'This account lets somebody else in already.',
  name: 'The name you have there is taken here, or cannot be a name here. Ask for an invite: with it you choose one.',
  invite: 'The link was used meanwhile, or is too old. Ask for another.',
  sign_in: 'Your login has ended. Sign in first, then link the account.',
  too_many: 'You have linked as many accounts as you may. Remove one first.',
  records: 'The server could not look you up. Try again in a moment.',
};

/** What the server says by `?oidc=…`, in words; only in those that are known. */
export function outcomeOf(search: string): string | null {
  const word = new URLSearchParams(search).get('oidc');
  if (word === null) return null;
  return Object.hasOwn(words, word) ? (words[word] ?? null) : 'Signing in did not work. Try again.';
}
