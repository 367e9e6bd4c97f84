import type { Permission } from '@keelson/contract'

/** The pages under Access; each is shown to whoever may read it. */
const accessParts = [
  { to: '/access/users', text: 'Users', needs: ['users:read'] },
  { to: '/access/teams', text: 'Teams', needs: ['users:read'] },
  { to: '/access/roles', text: 'Roles', needs: ['users:read'] },
  { to: '/access/grants', text: 'Grants', needs: ['users:read'] },
  { to: '/access/service-accounts', text: 'Service accounts', needs: ['users:read'] },
  { to: '/access/tokens', text: 'API tokens', needs: ['users:read'] },
  { to: '/access/sign-in', text: 'Sign-in', needs: ['users:read', 'system:write'] },
  { to: '/access/emergency', text: 'Emergency', needs: ['access:break-glass'] },
] as const

/** What one of opens a page under Access. */
export const accessNeeds: readonly Permission[] = [
  ...new Set(accessParts.flatMap(({ needs }) => needs)),
]

export const accessPartsFor = (permissions: readonly Permission[]) =>
  accessParts.filter(({ needs }) => needs.some((one) => permissions.includes(one)))
