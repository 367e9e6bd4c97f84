/** Every permission a route may name. A route that names none refuses to boot. */
export const permissions = [
  'public', // anyone, signed in or not: the page itself, health of the platform
  'status:read', // the state of services by category, nothing else
  'services:read',
  'services:restart',
  'services:write', // start, stop, scale, roll back, copy files into
  'services:exec', // run commands in instances
  'stacks:read',
  'stacks:write',
  'gaps:read', // findings with the lines of the files they are about
  'gaps:write', // audit now, accept findings
  'gateway:read', // routes, upstreams, consumers without their secrets
  'gateway:write', // configuration, keys, purging
  'gateway:secrets', // export with the secrets it holds
  'logs:read',
  'system:read',
  'system:stop',
  'sessions:write', // sign in, sign out, make sign-in links
] as const

export type Permission = (typeof permissions)[number]
