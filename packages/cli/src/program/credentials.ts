import { collectGroups, parseMinutes, type Add, type Handle } from './options.ts'
import { parseFor } from './access.ts'

const collect = (value: string, before: readonly string[] = []): string[] => [...before, value]

/** As whom commands are run, and what programs and providers prove themselves by. */
export const addCredentialCommands = (add: Add, handle: Handle): void => {
  add('login', 'run commands as yourself: approve this machine in the browser')
    .option('--url <address>', 'of a platform elsewhere (the one of this machine)')
    .option('--with-token', 'with the API token on standard input instead')
    .option('--scope <permission>', 'at most this (repeatable; all you may)', collect)
    .action(handle(async () => (await import('../commands/login.ts')).login))
  add('logout', 'run commands as the machine’s own command line again').action(
    handle(async () => (await import('../commands/login.ts')).logout),
  )
  addTokens(add, handle)
  addServiceAccounts(add, handle)
  addProviders(add, handle)
  addFactors(add, handle)
}

const addTokens = (add: Add, handle: Handle): void => {
  const token = add('token', 'API tokens of your own, or of a service account')
  add('list', 'list API tokens', undefined, token)
    .option('--account <name>', 'of this service account')
    .option('--all', 'of everybody')
    .action(handle(async () => (await import('../commands/token.ts')).listTokens))
  add('create', 'make an API token; its secret is shown once', undefined, token)
    .argument('<name>', 'what it is for')
    .option('--account <name>', 'of this service account')
    .option('--scope <permission>', 'at most this (repeatable; all its owner may)', collect)
    .option('--network <range>', 'only from there, as 10.0.0.0/8 (repeatable)', collect)
    .option('--for <time>', 'until this is over, as 90d', parseFor)
    .action(handle(async () => (await import('../commands/token.ts')).createToken))
  add('rotate', 'give a token a new secret, shown once', undefined, token)
    .argument('<id>')
    .option('--account <name>', 'of this service account')
    .option(
      '--overlap <minutes>',
      'how long the former secret goes on (60); 0: not at all',
      parseMinutes,
    )
    .action(handle(async () => (await import('../commands/token.ts')).rotateToken))
  add('revoke', 'revoke an API token at once', undefined, token)
    .argument('<id>')
    .option('--account <name>', 'of this service account')
    .action(handle(async () => (await import('../commands/token.ts')).revokeToken))
}

const addServiceAccounts = (add: Add, handle: Handle): void => {
  const account = add('service-account', 'accounts of programs')
  const load = () => import('../commands/service-account.ts')
  add('list', 'list service accounts', undefined, account).action(
    handle(async () => (await load()).listServiceAccounts),
  )
  add('create', 'make an account for a program', undefined, account)
    .argument('<name>')
    .option('--role <role>', 'viewer, operator, editor, administrator or one of your own')
    .option('--owner <user>', 'who answers for it (yourself; by the machine itself nobody)')
    .option('--description <text>', 'what it is for')
    .action(handle(async () => (await load()).createServiceAccount))
  add('disable', 'let a service account in no more', undefined, account)
    .argument('<name>')
    .action(handle(async () => (await load()).disableServiceAccount))
  add('enable', 'let a disabled service account in again', undefined, account)
    .argument('<name>')
    .action(handle(async () => (await load()).enableServiceAccount))
  add('delete', 'delete a service account with its tokens and grants', undefined, account)
    .argument('<name>')
    .option('-y, --yes', 'do not ask')
    .action(handle(async () => (await load()).deleteServiceAccount))
}

const addProviders = (add: Add, handle: Handle): void => {
  const provider = add('provider', 'OpenID providers by which people sign in')
  const load = () => import('../commands/provider.ts')
  add('list', 'list providers', undefined, provider).action(
    handle(async () => (await load()).listProviders),
  )
  add('put', 'make a provider, or change what is named of one', undefined, provider)
    .argument('<id>', 'part of the address it sends people back to')
    .option('--name <text>', 'on the button')
    .option('--issuer <address>', 'https://…, as its tokens say it')
    .option('--client-id <id>', 'as it knows Keelson')
    .option('--client-secret-file <path>', 'file that holds the secret')
    .option(
      '--scope <scope>',
      'asked of it (repeatable; openid profile email, with --group groups)',
      collect,
    )
    .option('--groups-claim <name>', 'where its groups are (groups)')
    .option(
      '--group <group=role>',
      'what members of a group hold (repeatable; all that is not named again goes)',
      collectGroups,
    )
    .option('--no-groups', 'members of groups hold nothing by it any more')
    .option('--create-users', 'whoever it knows gets an account')
    .option('--no-create-users', 'only who has linked an account gets in')
    .option('--trust-factors', 'ask no second factor after it')
    .option('--no-trust-factors', 'ask the second factor of those who have one')
    .option('--allow-internal', 'it may be at a private address')
    .option('--disable', 'nobody signs in by it')
    .option('--no-disable', 'people sign in by it again')
    .action(handle(async () => (await load()).putProvider))
  add('delete', 'delete a provider with what its groups were granted', undefined, provider)
    .argument('<id>')
    .option('-y, --yes', 'do not ask')
    .action(handle(async () => (await load()).deleteProvider))
}

const addFactors = (add: Add, handle: Handle): void => {
  const factor = add('factor', 'second factors')
  add(
    'require',
    'ask a second factor of exactly these roles; without: say of whom',
    undefined,
    factor,
  )
    .argument('[roles...]')
    .option('--nobody', 'ask it of nobody')
    .action(handle(async () => (await import('../commands/factor.ts')).requireFactor))
  add('reset', 'forget the factors of a user who has lost them', undefined, factor)
    .argument('<user>')
    .action(handle(async () => (await import('../commands/factor.ts')).resetFactors))
}
