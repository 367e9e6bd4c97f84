import { posix } from 'node:path'
import type { System } from '../../systems/system.ts'
import { isThere, join, mayBeMade, type Wrong } from './command-paths.ts'
import { judgeCompose } from './compose-command.ts'

type Given = { words: readonly string[]; folder: string | undefined }

/** Holds a command against what it calls; undefined: it may work. */
export const judgeCommand = (
  { words, folder }: Given,
  document: string,
  system: System,
): Wrong | undefined => {
  const where = folder === undefined ? undefined : placeOf(folder, document, system)
  if (where === undefined || words.some((word) => /[<>{}$*`]|\.\.\.|your|example/i.test(word)))
    return undefined
  const [program = '', ...rest] = words
  if (program === 'docker-compose') return judgeCompose(rest, where, system)
  if (program === 'docker' && rest[0] === 'compose')
    return judgeCompose(rest.slice(1), where, system)
  if (/^(?:npm|yarn|pnpm)$/.test(program)) return judgeScript(program, rest, where, system)
  if (program === 'make') return judgeMake(rest, where, system)
  return judgeFile(program, rest, where, system)
}

/** `cd api` may be meant from the document's folder or from the top; into any other, from elsewhere. */
const placeOf = (
  folder: string,
  document: string,
  { tree, folder: top }: System,
): string | undefined => {
  if (tree.isFolder(folder)) return folder
  const own = posix.dirname(document)
  const rest = own === '.' ? folder : posix.relative(own, folder)
  const fromTop = join(top, rest)
  return !rest.startsWith('..') && tree.isFolder(fromTop) ? fromTop : undefined
}

const ownVerbs = new Set([
  ...[
    'install',
    'i',
    'ci',
    'add',
    'remove',
    'init',
    'exec',
    'dlx',
    'create',
    'link',
    'publish',
    'version',
    'audit',
  ],
  ...[
    'update',
    'upgrade',
    'outdated',
    'why',
    'ls',
    'list',
    'config',
    'login',
    'pack',
    'cache',
    'set',
    'global',
    'prune',
  ],
  ...[
    'workspace',
    'workspaces',
    'up',
    'store',
    'import',
    'node',
    'info',
    'view',
    'rebuild',
    'dedupe',
    'plugin',
    'x',
    'approve-builds',
    'setup',
    'env',
    'root',
    'fetch',
    'patch',
  ],
])

const judgeScript = (
  program: string,
  words: readonly string[],
  where: string,
  system: System,
): Wrong | undefined => {
  // Another package is meant: `npm --prefix web`, `pnpm --filter api`, `yarn workspace`.
  if (
    words.some((word) =>
      /^(?:--prefix|-C|--cwd|--filter|-F|--workspace|-w|-r|--recursive|--dir|--if-present|-g)(?:=|$)/.test(
        word,
      ),
    )
  )
    return undefined
  const [verb = '', name] = words.filter((word) => !word.startsWith('-'))
  const isRun = verb === 'run' || verb === 'run-script'
  const script = isRun
    ? name
    : program === 'npm'
      ? /^(?:start|test|stop)$/.test(verb)
        ? verb
        : undefined
      : ownVerbs.has(verb)
        ? undefined
        : verb
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
    : {
        what: `${manifest.file} has no target ${target}`,
        file: manifest.file,
        at: { file: manifest.file, line: 1, column: 1 },
      }
}

/** Scripts that are called by path, and files that are copied or read. */
const judgeFile = (
  program: string,
  words: readonly string[],
  where: string,
  system: System,
): Wrong | undefined => {
  const isScript =
    /^\.\/[\w./-]+$/.test(program) ||
    (/^[\w-]+\/[\w./-]+\.(?:sh|py|js|ts|rb)$/.test(program) && !program.startsWith('/'))
  const [first = ''] = words
  const called = isScript
    ? program
    : /^(?:bash|sh|source|python3?|node)$/.test(program) &&
        /^[\w./-]+\.(?:sh|py|[cm]?[jt]s)$/.test(first) &&
        !first.startsWith('/')
      ? first
      : program === 'cp' && words.length === 2 && /^[\w./-]*\.?env[\w.-]*$/.test(first)
        ? first
        : undefined
  if (called === undefined || isThere(called, where, system)) return undefined
  if (mayBeMade(called, system)) return undefined
  // A name alone, in a document that lies elsewhere: the reader may be in a container by then.
  if (!called.includes('/') && where !== system.folder) return undefined
  if (
    /(?:^|\/)(?:bin|dist|build|target|out|node_modules|venv|\.venv)\//.test(called) ||
    /^\.\/[\w-]+$/.test(called)
  )
    return undefined
  return { what: `${join(where, called)} is not there`, file: join(where, called) }
}
