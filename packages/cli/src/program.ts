import { Command } from 'commander'
import type { Context, SharedOptions } from './context.ts'
import { createOutput } from './output.ts'
import { dataFolderOf } from './paths.ts'
import { addAuditCommands } from './program/audit.ts'
import { addAccessCommands } from './program/access.ts'
import { addCredentialCommands } from './program/credentials.ts'
import { addGapsCommands } from './program/gaps.ts'
import { addGatewayCommands } from './program/gateway.ts'
import { addIdentityCommands } from './program/identity.ts'
import { addMachineCommands } from './program/machine.ts'
import { addFileOptions, addShared, type Add, type Handler } from './program/options.ts'
import { addServiceCommands } from './program/services.ts'
import { addStackCommands } from './program/stack.ts'
import { readVersion } from './version.ts'

const examples = `
Examples:
  keelson up                    start the stack of this folder and stay with it; Ctrl-C stops it
  keelson up --wait             start it, return once all is healthy, leave it running
  keelson plan                  what up would do now, and why
  keelson gaps                  what is missing, wrong or untrue in this repository
  keelson config --explain services.api.environment.DB_URL   where a value comes from
  keelson status --watch        what is wrong now, live
  keelson logs -f web worker    follow two services
  keelson why payments          why it is down, since when, caused by what
  keelson exec -it web sh       a shell inside a running instance
  keelson down                  stop the stack of this folder, leaving nothing behind`

const exitCodeHelp = `
Exit codes:
  0 ok  1 failure  2 bad input, nothing was done  3 not found  4 access  5 conflict
  6 unhealthy or out of time  7 the plan has differences, gaps found  130 interrupted
  exec and run end with the exit code of the command

Environment:
  KEELSON_DATA_DIR      data folder (~/.keelson)
  KEELSON_PORT          page and API (7070)
  KEELSON_GATEWAY_PORT  gateway (8080)
  KEELSON_GATEWAY_TLS_PORT   gateway for TLS (8443)
  KEELSON_URL           a platform elsewhere that you signed in to
  KEELSON_TOKEN         API token to run commands with
  DATABASE_URL          your PostgreSQL instead of the embedded one
  COMPOSE_FILE, COMPOSE_PROFILES, COMPOSE_PROJECT_NAME   as Docker Compose reads them
  NO_COLOR              no colours
  Any other KEELSON_ variable is refused: a typing error shall not be a default.`

/**
 * The whole command line as one tree; completion is made from it. Handlers are read when they are
 * called, so that no command pays for another one.
 */
export const createProgram = (end: (exitCode: number) => void): Command => {
  const program = new Command('keelson')
    .description('Runs a stack from its compose file, routes to it, watches it and heals it.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help of a command')
    .addHelpText('after', `${examples}\n${exitCodeHelp}`)
    .enablePositionalOptions() // `-f` is --file before a command and --follow after `logs`
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(rewriteError(text, 'keelson')) })
  addShared(program, '-f, --file <path>')
  addFileOptions(program)

  const add: Add = (name, description, fileFlags = '-f, --file <path>', parent = program) => {
    const command = parent.command(name).description(description)
    const path = pathOf(command)
    command.configureOutput({ outputError: (text, write) => write(rewriteError(text, path)) })
    addShared(command, fileFlags)
    return command
  }
  const handle =
    <Options>(load: () => Promise<Handler<Options>>) =>
    async (...given: unknown[]) => {
      const command = given.at(-1) as Command
      await refuseUnknownVariables(process.env)
      const handler = await load()
      // The parser made these from the options declared beside the handler's type.
      const options = command.opts() as Options
      end(await handler(createContext(command), options, command.args))
    }

  addStackCommands(add, handle)
  addServiceCommands(add, handle)
  addGapsCommands(add, handle)
  addGatewayCommands(add, handle)
  addIdentityCommands(add, handle)
  addCredentialCommands(add, handle)
  addAccessCommands(add, handle)
  addAuditCommands(add, handle)
  addMachineCommands(program, add, handle)
  return program
}

const refuseUnknownVariables = async (env: Context['env']): Promise<void> => {
  if (!Object.keys(env).some((name) => name.startsWith('KEELSON_'))) return
  const { checkEnvironment } = await import('./environment.ts')
  checkEnvironment(env)
}

type SharedGiven = {
  file?: string[]
  envFile?: string[]
  projectDirectory?: string
  projectName?: string
  stack?: string
  profile?: string[]
  json?: boolean
  quiet?: boolean
  color?: boolean
}

/** Options before the command and after it count the same. */
const createContext = (command: Command): Context => {
  const levels: SharedGiven[] = []
  for (let at: Command | null = command; at !== null; at = at.parent) levels.unshift(at.opts())
  const last = <K extends keyof SharedGiven>(key: K): SharedGiven[K] | undefined =>
    levels.findLast((level) => level[key] !== undefined)?.[key]
  const shared: SharedOptions = {
    files: levels.flatMap(({ file }) => file ?? []),
    envFiles: levels.flatMap(({ envFile }) => envFile ?? []),
    projectName: last('stack') ?? last('projectName'),
    projectFolder: last('projectDirectory'),
    profiles: levels.flatMap(({ profile }) => profile ?? []),
    json: last('json') ?? false,
    quiet: last('quiet') ?? false,
  }
  const color = levels.every((level) => level.color !== false)
  const { env } = process
  const output = createOutput({ env, color, quiet: shared.quiet })
  return { cwd: process.cwd(), env, dataFolder: dataFolderOf(env), output, shared }
}

/** `keelson gateway key create` */
const pathOf = (command: Command): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`

/** Commander's own words in the shape all errors have, with a way out below the command's `path`. */
const rewriteError = (text: string, path: string): string => {
  const [first = '', ...more] = text.trim().split('\n')
  const message = first.replace(/^error: /, '')
  const suggestion = /^\(Did you mean (.*)\?\)$/.exec(more.join(' ').trim())?.[1]
  const isFlag = suggestion?.startsWith('-') === true
  const hint =
    suggestion === undefined ? `${path} --help` : isFlag ? suggestion : `${path} ${suggestion}`
  return `✗ ${message.charAt(0).toUpperCase()}${message.slice(1)}\n  Try: ${hint}\n`
}
