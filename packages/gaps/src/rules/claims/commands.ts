import { posix } from 'node:path'
import type { Place } from '../../place.ts'
import type { System } from '../../systems/system.ts'
import { allServices } from './documents.ts'

/** What stands against a command; `what` is the rest of a sentence. */
export type Wrong = { what: string; file: string; at?: Place }

type Given = { words: readonly string[]; folder: string | undefined }

/** Holds a command against what it calls; undefined: it may work. */
export const judgeCommand = (
  { words, folder }: Given,
  document: string,
  system: System,
): Wrong | undefined => {
  const where = folder === undefined ? undefined : placeOf(folder, document, system)
  if (where === undefined || words.some((word) => /[<>{}$*`]|\.\.\.|your|example/i.test(word))) return undefined
  const [program = '', ...rest] = words
  if (program === 'docker-compose') return judgeCompose(rest, where, system)
  if (program === 'docker' && rest[0] === 'compose') return judgeCompose(rest.slice(1), where, system)
  if (/^(?:npm|yarn|pnpm)$/.test(program)) return judgeScript(program, rest, where, system)
  if (program === 'make') return judgeMake(rest, where, system)
  return judgeFile(program, rest, where, system)
}

/** `cd api` may be meant from the document's folder or from the top; into any other, from elsewhere. */
const placeOf = (folder: string, document: string, { tree, folder: top }: System): string | undefined => {
  if (tree.isFolder(folder)) return folder
  const own = posix.dirname(document)
  const rest = own === '.' ? folder : posix.relative(own, folder)
  const fromTop = join(top, rest)
  return !rest.startsWith('..') && tree.isFolder(fromTop) ? fromTop : undefined
}

const join = (folder: string, path: string): string => {
  const joined = posix.normalize(posix.join(folder, path))
  return joined === '.' ? '' : joined
}

/** Is it there, seen from where the command is given or from the top? */
const isThere = (path: string, where: string, { tree, folder }: System): boolean =>
  [where, folder, ''].some((at) => {
    const full = join(at, path)
    return full.startsWith('..') || tree.has(full) || tree.isUnknown(full)
  })

const composeOptions = /^(?:-f|--file|-p|--project-name|--profile|--env-file|--project-directory|--ansi|--progress|--parallel)$/
const verbs = /^(?:up|start|stop|restart|logs|exec|run|build|pull|push|rm|kill|pause|unpause|create|top|port|attach|cp|events|images|ps|stats|watch|wait|scale)$/
const verbOptions = /^(?:-e|--env|-u|--user|-w|--workdir|-t|--timeout|--tail|-n|--since|--until|--scale|--index|--entrypoint|--name|-p|--publish|-v|--volume|-l|--label|--build-arg|--format|--filter|--pull|--wait-timeout|--exit-code-from|--attach|--no-attach|-s|--signal|--cap-add|--progress|-m|--memory|--ssh|--builder)$/

const judgeCompose = (words: readonly string[], where: string, system: System): Wrong | undefined => {
  let index = 0
  let isOther = false
  for (; index < words.length && words[index]?.startsWith('-') === true; index += 1) {
    const [option = '', inline] = (words[index] ?? '').split('=', 2)
    if (!composeOptions.test(option)) continue
    const value = inline ?? words[(index += 1)] ?? ''
    if (option === '-f' || option === '--file') {
      isOther = true
      if (value !== '-' && /\.ya?ml$/.test(value) && !value.startsWith('/') && !isThere(value, where, system)) {
        return { what: `${value} is not there`, file: join(where, value) }
      }
    }
    if (option === '--project-directory') return undefined
    if (option === '--profile') {
      const wrong = judgeProfile(value, system)
      if (wrong !== undefined && !isOther) return wrong
    }
  }
  const verb = words[index] ?? ''
  if (!verbs.test(verb) || isOther || where !== system.folder || /^(?:cp|events|scale|ps)$/.test(verb)) return undefined
  return judgeServices(verb, words.slice(index + 1), system)
}

const judgeProfile = (profile: string, system: System): Wrong | undefined => {
  const profiles = [...allServices(system).values()].flatMap(({ model }) => model.profiles)
  return profile === '*' || profile.includes(',') || profiles.includes(profile)
    ? undefined
    : { what: `no service has the profile ${profile}`, file: system.files[0] ?? '', at: system.place('services') }
}

/** `up a b` names services; `exec` and `run` name one, and what follows is for inside. */
const judgeServices = (verb: string, words: readonly string[], system: System): Wrong | undefined => {
  const services = allServices(system)
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? ''
    if (verbOptions.test(word)) index += 1
    if (word.startsWith('-')) continue
    // Output and prose are taken for a command at times: a name of a service has this form.
    if (!/^[a-z0-9][\w.-]*$/.test(word) || /^\d+$/.test(word)) return undefined
    if (verbOptions.test(words[index - 1] ?? '')) continue
    if (!services.has(word)) {
      return { what: `no service is called ${word}`, file: system.files[0] ?? '', at: system.place('services') }
    }
    if (verb === 'exec' || verb === 'run') return undefined
  }
  return undefined
}

const ownVerbs = new Set([
  ...['install', 'i', 'ci', 'add', 'remove', 'init', 'exec', 'dlx', 'create', 'link', 'publish', 'version', 'audit'],
  ...['update', 'upgrade', 'outdated', 'why', 'ls', 'list', 'config', 'login', 'pack', 'cache', 'set', 'global', 'prune'],
  ...['workspace', 'workspaces', 'up', 'store', 'import', 'node', 'info', 'view', 'rebuild', 'dedupe', 'plugin', 'x', 'approve-builds', 'setup', 'env', 'root', 'fetch', 'patch'],
])

const judgeScript = (program: string, words: readonly string[], where: string, system: System): Wrong | undefined => {
  // Another package is meant: `npm --prefix web`, `pnpm --filter api`, `yarn workspace`.
  if (words.some((word) => /^(?:--prefix|-C|--cwd|--filter|-F|--workspace|-w|-r|--recursive|--dir|--if-present|-g)(?:=|$)/.test(word))) return undefined
  const [verb = '', name] = words.filter((word) => !word.startsWith('-'))
  const isRun = verb === 'run' || verb === 'run-script'
  const script = isRun ? name : program === 'npm' ? (/^(?:start|test|stop)$/.test(verb) ? verb : undefined) : ownVerbs.has(verb) ? undefined : verb
  if (script === undefined || script === '' || !/^[\w:.-]+$/.test(script)) return undefined
  const file = join(where, 'package.json')
  const manifest = system.manifests.find((one) => one.kind === 'npm' && one.file === file)
  if (manifest === undefined || manifest.scripts.has(script)) return undefined
  // `yarn tsc` runs a program of a dependency; `npm start` has a default when there is a server.js.
  if (!isRun && (program !== 'npm' || system.tree.has(join(where, 'server.js')))) return undefined
  return { what: `${file} has no script ${script}`, file, at: { file, line: 1, column: 1 } }
}

const judgeMake = (words: readonly string[], where: string, system: System): Wrong | undefined => {
  if (words.some((word) => /^(?:-C|-f|--directory|--file)/.test(word))) return undefined
  const file = ['Makefile', 'makefile', 'GNUmakefile'].map((name) => join(where, name))
  const manifest = system.manifests.find((one) => one.kind === 'make' && file.includes(one.file))
  if (manifest === undefined) return undefined
  const target = words.find((word) => /^[\w][\w./-]*$/.test(word) && !manifest.scripts.has(word))
  return target === undefined || words.indexOf(target) > 2 || system.tree.has(join(where, target))
    ? undefined
    : { what: `${manifest.file} has no target ${target}`, file: manifest.file, at: { file: manifest.file, line: 1, column: 1 } }
}

/** Scripts that are called by path, and files that are copied or read. */
const judgeFile = (program: string, words: readonly string[], where: string, system: System): Wrong | undefined => {
  const isScript = /^\.\/[\w./-]+$/.test(program) || (/^[\w-]+\/[\w./-]+\.(?:sh|py|js|ts|rb)$/.test(program) && !program.startsWith('/'))
  const [first = ''] = words
  const called = isScript
    ? program
    : /^(?:bash|sh|source|python3?|node)$/.test(program) && /^[\w./-]+\.(?:sh|py|[cm]?[jt]s)$/.test(first) && !first.startsWith('/')
      ? first
      : program === 'cp' && words.length === 2 && /^[\w./-]*\.?env[\w.-]*$/.test(first)
        ? first
        : undefined
  if (called === undefined || isThere(called, where, system)) return undefined
  if (/(?:^|\/)(?:bin|dist|build|target|out|node_modules|venv|\.venv)\//.test(called) || /^\.\/[\w-]+$/.test(called)) return undefined
  return { what: `${join(where, called)} is not there`, file: join(where, called) }
}
