import type { Permission, Session } from '@keelson/contract'
import { accessNeeds } from '../access/access-parts.ts'
import { permissionsOfAll } from '../access/permissions-of-all.ts'
import type { IconName } from '../ui/icon.tsx'

type Page = {
  to: string
  search?: { view: 'map' }
  icon: IconName
  text: string
  /** Without one of them the page would be empty. */
  needs?: readonly Permission[]
}

/** The pages of the navigation, in its order. */
export const pages: readonly Page[] = [
  { to: '/', icon: 'overview', text: 'Overview', needs: ['services:read'] },
  { to: '/services', icon: 'services', text: 'Services', needs: ['services:read'] },
  { to: '/services', search: { view: 'map' }, icon: 'map', text: 'Map', needs: ['services:read'] },
  { to: '/gateway', icon: 'gateway', text: 'Gateway', needs: ['gateway:read'] },
  { to: '/gaps', icon: 'gaps', text: 'Gaps', needs: ['gaps:read'] },
  { to: '/access', icon: 'access', text: 'Access', needs: accessNeeds },
  { to: '/audit', icon: 'file', text: 'Audit', needs: ['audit:read'] },
  { to: '/system', icon: 'system', text: 'System', needs: ['system:read'] },
  { to: '/reference', icon: 'reference', text: 'API reference' },
]

const stacksNeed: readonly Permission[] = ['stacks:read']

/** What opens the page at a path, and those below it; undefined where everybody may look. */
export const needsOf = (pathname: string): readonly Permission[] | undefined => {
  const [, first = ''] = pathname.split('/')
  if (first === 'stacks') return stacksNeed
  return pages.find(({ to }) => to === `/${first}`)?.needs
}

/** None of what is needed is permitted. */
export const isClosed = (
  { permissions }: Pick<Session, 'permissions'>,
  needs: readonly Permission[] | undefined,
): boolean => needs !== undefined && !needs.some((one) => permissions.includes(one))

/** Nobody has granted them anything yet. */
export const hasNoRole = ({ permissions }: Pick<Session, 'permissions'>): boolean =>
  permissions.every((one) => permissionsOfAll.includes(one))
