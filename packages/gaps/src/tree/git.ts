import { spawn } from 'node:child_process'

/** A git revision cannot be read; the message says why. */
export class RevisionError extends Error {
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.name = 'RevisionError'
    this.hint = hint
  }
}

const timeLimitMs = 60_000
const outputLimitBytes = 64 * 1024 * 1024

/**
 * Settings that win over those of the repository, which somebody else may have written: nothing is
 * run (hooks, file monitors, pagers), nothing is fetched (missing objects of a partial clone), and
 * no object stands for another one. Only plumbing that applies no filter is called besides.
 */
const guards = [
  ...['--no-pager', '--no-replace-objects', '--literal-pathspecs'],
  ...['core.fsmonitor=false', 'core.hooksPath=/dev/null', 'core.untrackedCache=false'].flatMap(
    (setting) => ['-c', setting],
  ),
  ...['-c', 'protocol.allow=never'],
]

const guardedEnvironment = (): NodeJS.ProcessEnv => {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))
  return {
    ...Object.fromEntries(own),
    GIT_NO_LAZY_FETCH: '1',
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    LC_ALL: 'C',
  }
}

/** What git prints for these words; throws RevisionError when it fails, is slow or says too much. */
export const git = (folder: string, words: readonly string[], input = ''): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const child = spawn('git', [...guards, ...words], {
      cwd: folder,
      env: guardedEnvironment(),
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: timeLimitMs,
      killSignal: 'SIGKILL',
    })
    const chunks: Buffer[] = []
    let length = 0
    let complaint = ''
    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > outputLimitBytes) child.kill('SIGKILL')
      else chunks.push(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString('utf8')).slice(0, 2000)
    })
    child.once('error', (error) => {
      const isAbsent = 'code' in error && error.code === 'ENOENT'
      const message = isAbsent ? 'git is not installed here' : `git cannot run: ${error.message}`
      reject(new RevisionError(message, 'install git, or audit without diff'))
    })
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(Buffer.concat(chunks))
      const [first = ''] = complaint.split('\n')
      const why =
        signal === null ? first.replace(/^fatal: /, '') : 'it took too long or said too much'
      reject(
        new RevisionError(`git ${words[0]} failed: ${why}`, 'name a commit of this repository'),
      )
    })
    // It may end before it has read all: what it printed tells.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
