/** What each permission allows, as the permission matrix says it. */
export const permissionMeanings = {
  public: 'Anyone, signed in or not: the page itself, health of the platform',
  'account:own': 'Your own account: profile, password, factors, sessions and tokens',
  'status:read': 'The state of services by category, nothing else',
  'services:read': 'Services, instances, health and timeline',
  'services:restart': 'Restart services',
  'services:write': 'Start, stop, scale and roll back services, copy files into them',
  'services:exec': 'Run commands in instances',
  'stacks:read': 'Stacks, plans and revisions',
  'stacks:write': 'Apply, roll back and remove stacks',
  'gaps:read': 'Findings with the lines of the files they are about',
  'gaps:write': 'Audit files now, accept findings',
  'gateway:read': 'Routes, upstreams, consumers without their secrets',
  'gateway:write': 'Gateway configuration, keys, purging',
  'gateway:secrets': 'Export the gateway configuration with the secrets it holds',
  'logs:read': 'Log lines of services',
  'users:read': 'Users, teams, service accounts, and who may do what',
  'users:write': 'Invite, change, disable and delete users and service accounts',
  'access:write': 'Roles, teams and grants',
  'access:break-glass': 'Give yourself a role for an hour at most, with a reason, told to all',
  'audit:read': 'Who did what',
  'system:read': 'The platform itself: parts, versions, storage',
  'system:write': 'Sign-in providers, retention of the audit, keys',
  'system:stop': 'Stop the platform',
} as const

export type Permission = keyof typeof permissionMeanings

/** Every permission a route may name. A route that names none refuses to boot. */
export const permissions = Object.keys(permissionMeanings) as readonly Permission[]

export const isPermission = (name: string): name is Permission =>
  Object.hasOwn(permissionMeanings, name)

const reading = [
  'public',
  'account:own',
  'status:read',
  'services:read',
  'stacks:read',
  'gaps:read',
  'gateway:read',
  'logs:read',
  'system:read',
] as const
const operating = [...reading, 'services:restart', 'services:write', 'gaps:write'] as const
const editing = [...operating, 'services:exec', 'stacks:write', 'gateway:write'] as const

/** Roles that are always there and cannot be changed. */
export const builtInRoles: Readonly<
  Record<string, { description: string; permissions: readonly Permission[] }>
> = {
  viewer: { description: 'Sees everything but secrets and people', permissions: reading },
  operator: { description: 'Keeps services running', permissions: operating },
  editor: { description: 'Changes stacks and the gateway', permissions: editing },
  administrator: { description: 'May do everything', permissions },
}
