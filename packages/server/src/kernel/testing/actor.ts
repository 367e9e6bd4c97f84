import { permissions, type Permission } from '@keelson/contract'
import { noOrigin, type Actor } from '../actor.ts'

/** Somebody who signed in with a browser and may do this, everywhere. */
export const signedIn = (allowed: readonly Permission[] = permissions): Actor => ({
  ...{ kind: 'user', id: 'ana', name: 'ana', expiresAt: new Date('2030-01-01') },
  factorNeeded: false,
  permissions: new Set(allowed),
  may: (permission) => allowed.includes(permission),
  origin: {
    ...{ ...noOrigin, via: 'page', provenBy: 'cookie', credential: 'session:1' },
    authenticatedAt: new Date(),
  },
})
