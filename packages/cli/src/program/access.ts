import { InvalidArgumentError } from 'commander'
import { collectPairs, parseSince, type Add, type Handle } from './options.ts'

const objects = 'platform, gateway, stack:shop or service:shop/web'

/** `2h`, `1h30m`: when that is over. */
export const parseFor = (text: string): Date => {
  if (!/^[\ddhms]+$/.test(text))
    throw new InvalidArgumentError('It must be a time: 10m, 1h30m, 7d.')
  if (!/[1-9]/.test(text)) {
    throw new InvalidArgumentError('It must be longer than nothing: 10m, 1h30m, 7d.')
  }
  const nowMs = Date.now()
  return new Date(nowMs + (nowMs - parseSince(text).getTime()))
}

/** Who may do what on which things. */
export const addAccessCommands = (add: Add, handle: Handle): void => {
  add('can', 'say whether somebody may do something, and why; exit code 4 when not')
    .argument('<who>', 'a user, a service account or a role')
    .argument('<permission>', 'such as services:restart')
    .argument('[object]', `${objects} (platform)`)
    .action(handle(async () => (await import('../commands/can.ts')).can))
  addRoles(add, handle)
  addTeams(add, handle)
  addGrants(add, handle)
}

const addRoles = (add: Add, handle: Handle): void => {
  const role = add('role', 'named sets of permissions')
  add('list', 'list roles', undefined, role).action(
    handle(async () => (await import('../commands/role.ts')).listRoles),
  )
  add('show', 'say what a role may do', undefined, role)
    .argument('<role>')
    .action(handle(async () => (await import('../commands/role.ts')).showRole))
  add('put', 'make a role, or change what it may', undefined, role)
    .argument('<role>')
    .argument('<permissions...>', 'such as services:read services:restart')
    .option('--description <text>', 'what it is for')
    .action(handle(async () => (await import('../commands/role.ts')).putRole))
  add('delete', 'delete a role that no grant is about', undefined, role)
    .argument('<role>')
    .option('-y, --yes', 'do not ask')
    .action(handle(async () => (await import('../commands/role.ts')).deleteRole))
}

const addTeams = (add: Add, handle: Handle): void => {
  const team = add('team', 'users who share grants')
  add('list', 'list teams with their members', undefined, team).action(
    handle(async () => (await import('../commands/team.ts')).listTeams),
  )
  add('create', 'make a team', undefined, team)
    .argument('<name>')
    .option('--description <text>', 'what it is for')
    .action(handle(async () => (await import('../commands/team.ts')).createTeam))
  add('delete', 'delete a team with its grants', undefined, team)
    .argument('<name>')
    .option('-y, --yes', 'do not ask')
    .action(handle(async () => (await import('../commands/team.ts')).deleteTeam))
  add('add', 'make a user or a service account a member', undefined, team)
    .argument('<team>')
    .argument('<user>')
    .action(handle(async () => (await import('../commands/team.ts')).addMember))
  add('remove', 'take a member out', undefined, team)
    .argument('<team>')
    .argument('<user>')
    .action(handle(async () => (await import('../commands/team.ts')).removeMember))
}

const addGrants = (add: Add, handle: Handle): void => {
  const grant = add('grant', 'who holds which role on what')
  add('list', 'list grants', undefined, grant)
    .option('--user <name>', 'of this user or service account, without those of its teams')
    .option('--team <name>', 'of this team')
    .option('--role <name>', 'of this role')
    .action(handle(async () => (await import('../commands/grant.ts')).listGrants))
  add('add', 'give a role to a user, a service account or a team', undefined, grant)
    .argument('<role>')
    .option('--user <name>', 'to this user or service account')
    .option('--team <name>', 'to this team')
    .option('--on <object>', `${objects}, with * for any name (everything)`)
    .option('--label <name=value>', 'on services with this label (repeatable)', collectPairs)
    .option('--owner <name>', 'on services of this owner')
    .option('--deny', 'deny it instead: wins over all that allows')
    .option('--for <time>', 'for so long: 10m, 1h30m, 7d', parseFor)
    .option('--reason <text>', 'why, for the audit')
    .action(handle(async () => (await import('../commands/grant.ts')).addGrant))
  add('revoke', 'take a grant back', undefined, grant)
    .argument('<id>', 'of keelson grant list')
    .action(handle(async () => (await import('../commands/grant.ts')).revokeGrant))
}
