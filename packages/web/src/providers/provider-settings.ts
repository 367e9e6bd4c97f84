import type { Provider, ProviderSettings } from '@keelson/contract'

/** What a form asks of a provider. */
export type ProviderDraft = Omit<
  Provider,
  'scopes' | 'roles' | 'hasSecret' | 'redirectUri' | 'users' | 'createdAt'
> & {
  /** Separated by spaces. */
  scopes: string
  roles: readonly GroupRole[]
  secret: SecretChoice
  newSecret: string
}
export type SecretChoice = 'keep' | 'replace' | 'none'
export type GroupRole = Provider['roles'][number] & { key: number }

export const draftOf = (provider: Provider | undefined): ProviderDraft => {
  if (provider === undefined) return nothing
  const { id, name, issuer, clientId, groupsClaim, scopes, roles, hasSecret } = provider
  const { createsUsers, trustsFactors, allowsInternal, disabled } = provider
  return {
    ...{ id, name, issuer, clientId, groupsClaim },
    ...{ createsUsers, trustsFactors, allowsInternal, disabled },
    scopes: scopes.join(' '),
    roles: roles.map((role, key) => ({ ...role, key })),
    secret: hasSecret ? 'keep' : 'none',
    newSecret: '',
  }
}

const nothing: ProviderDraft = {
  ...{ id: '', name: '', issuer: 'https://', clientId: '', groupsClaim: 'groups', roles: [] },
  ...{ scopes: 'openid profile email', secret: 'replace', newSecret: '' },
  ...{ createsUsers: false, trustsFactors: false, allowsInternal: false, disabled: false },
}

/** A new row of the groups, under a key that none of them has. */
export const withRow = (roles: readonly GroupRole[]): readonly GroupRole[] => [
  ...roles,
  { group: '', role: 'viewer', key: Math.max(-1, ...roles.map(({ key }) => key)) + 1 },
]

const idPattern = /^[a-z][a-z0-9-]{0,39}$/

export const isComplete = (draft: ProviderDraft): boolean =>
  idPattern.test(draft.id) &&
  [draft.name, draft.clientId, draft.groupsClaim].every((text) => text.trim() !== '') &&
  URL.canParse(draft.issuer) &&
  draft.roles.every(({ group }) => group.trim() !== '') &&
  (draft.secret !== 'replace' || draft.newSecret !== '')

/** The body that is sent; a secret that is kept is left out. */
export const settingsOf = (draft: ProviderDraft): ProviderSettings => {
  const { name, issuer, clientId, groupsClaim, scopes, roles, secret, newSecret } = draft
  const { createsUsers, trustsFactors, allowsInternal, disabled } = draft
  return {
    ...{ name: name.trim(), issuer: issuer.trim(), clientId: clientId.trim() },
    ...{ groupsClaim: groupsClaim.trim(), createsUsers, trustsFactors, allowsInternal, disabled },
    scopes: [...new Set(scopes.split(/[\s,]+/).filter((scope) => scope !== ''))],
    roles: roles.map(({ group, role, on }) => ({
      ...{ group: group.trim(), role },
      ...(on === undefined || Object.keys(on).length === 0 ? {} : { on }),
    })),
    ...(secret === 'keep' ? {} : { clientSecret: secret === 'none' ? null : newSecret }),
  }
}
