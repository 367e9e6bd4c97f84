import type { Add, Handle } from './options.ts'

/** Who may use Keelson. */
export const addIdentityCommands = (add: Add, handle: Handle): void => {
  const user = add('user', 'people who may sign in')

  add('list', 'list users with their roles', undefined, user)
    .argument('[contains]', 'part of a name')
    .action(handle(async () => (await import('../commands/user.ts')).listUsers))

  add('invite', 'make a link by which somebody joins; it is shown once', undefined, user)
    .argument('<name>', 'to sign in by')
    .option('--role <role>', 'viewer, operator, editor, administrator or one of your own')
    .option('--email <address>', 'kept in the profile; nothing is sent')
    .action(handle(async () => (await import('../commands/user.ts')).inviteUser))

  add('set', 'change the profile of a user', undefined, user)
    .argument('<name>')
    .option('--email <address>', 'another e-mail address; empty: none')
    .option('--shown-as <name>', 'as others see them; empty: as they sign in')
    .action(handle(async () => (await import('../commands/user.ts')).setUser))

  add('sessions', 'list where a user is signed in', undefined, user)
    .argument('<name>')
    .action(handle(async () => (await import('../commands/user.ts')).listSessions))

  add('sign-out', 'end the sessions of a user, who may sign in again', undefined, user)
    .argument('<name>')
    .option('--session <id>', 'only this one')
    .action(handle(async () => (await import('../commands/user.ts')).signOutUser))

  add('disable', 'end all sessions of a user and let them in no more', undefined, user)
    .argument('<name>')
    .action(handle(async () => (await import('../commands/user.ts')).disableUser))

  add('enable', 'let a disabled user in again', undefined, user)
    .argument('<name>')
    .action(handle(async () => (await import('../commands/user.ts')).enableUser))

  add('delete', 'delete a user and hand over what they answer for', undefined, user)
    .argument('<name>')
    .option('--heir <name>', 'user who takes over')
    .option('-y, --yes', 'do not ask')
    .action(handle(async () => (await import('../commands/user.ts')).deleteUser))

  add('reset', 'make a link by which a user chooses a new password', undefined, user)
    .argument('<name>')
    .action(handle(async () => (await import('../commands/user.ts')).resetUser))

  add('whoami', 'say as whom commands are run, and what they may do').action(
    handle(async () => (await import('../commands/whoami.ts')).whoami),
  )
}
