import type { Permission } from '@keelson/contract'

/** What nobody has to be granted: docs/access.md. */
export const permissionsOfAll: readonly Permission[] = ['public', 'account:own', 'status:read']
