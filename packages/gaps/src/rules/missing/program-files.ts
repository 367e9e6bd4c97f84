import { posix } from 'node:path'
import type { Place } from '../../place.ts'

/** A command line and the folder it runs in. */
export type Started = { at: Place; words: readonly string[]; workdir: string | undefined }

/** A file inside the container; of a module it may also be a folder or an installed package. */
export type ProgramFile = { path: string; isModule: boolean }

const interpreters =
  /^(?:python[\d.]*|node|nodejs|bash|sh|ash|zsh|ruby|php|perl|tsx|ts-node|nodemon|bun|deno)$/
const moduleServers = /^(?:uvicorn|gunicorn|hypercorn|daphne|uwsgi|celery)$/
const scriptName = /\.(?:py|js|mjs|cjs|ts|sh|rb|php|pl|bash)$/
/** Options of interpreters whose next word is a value. */
const valued = /^(?:-r|--require|--import|--loader|-W|-X|--env-file|-I|-d)$/

/** The files of the repository that a command line starts, as far as it names them. */
export const programFiles = ({ words, workdir }: Started): ProgramFile[] => {
  const [program = '', ...rest] = words
  const inFolder = (path: string): string | undefined =>
    path.startsWith('/')
      ? posix.normalize(path)
      : workdir === undefined
        ? undefined
        : posix.resolve(workdir, path)
  const file = (path: string, isModule = false): ProgramFile[] => {
    const full = path.includes('$') ? undefined : inFolder(path)
    return full === undefined ? [] : [{ path: full, isModule }]
  }
  const name = posix.basename(program)
  if (interpreters.test(name)) {
    for (let index = 0; index < rest.length; index += 1) {
      const word = rest[index] ?? ''
      if (word === '-m' && name.startsWith('python')) {
        return moduleFiles(rest[index + 1] ?? '').flatMap((path) => file(path, true))
      }
      if (/^-[a-z]*[ce]$/.test(word) || word === '--eval' || word === '-p') return []
      if (valued.test(word)) index += 1
      else if (!word.startsWith('-')) return scriptName.test(word) ? file(word) : []
    }
    return []
  }
  if (moduleServers.test(name)) {
    const target = rest.find((word) => /^[A-Za-z_][\w.]*:[A-Za-z_]\w*(?:\(\))?$/.test(word))
    return moduleFiles(target?.split(':')[0] ?? '').flatMap((path) => file(path, true))
  }
  const isOwn = program.startsWith('./') || (program.startsWith('/') && scriptName.test(program))
  return isOwn && scriptName.test(program) ? file(program) : []
}

const moduleFiles = (name: string): string[] => {
  if (!/^[A-Za-z_][\w.]*$/.test(name)) return []
  const path = name.replaceAll('.', '/')
  return [`${path}.py`, `${path}/__main__.py`]
}
