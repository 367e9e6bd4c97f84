// All static checks: `npm run check`. One line for each with its seconds; exits 1 when one fails.
// Runs on the machine's own Node; the tools run on the repository's.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { findNode24, installDependencies, root, run } from './toolchain.mjs'

const bin = (file) => path.join(root, 'node_modules', file)

/** Types and lint take half a minute alone on two cores, and four times as long on a busy machine. */
const timeoutMs = 600_000

/** A tool of node_modules on the repository's Node; what it prints is shown only when it fails. */
const tool =
  (file, ...args) =>
  async (node) => {
    const { ok, output, timedOut } = await run(node, [bin(file), ...args], { timeoutMs })
    if (timedOut) return `did not end in time\n${output}`
    return ok ? null : output || 'failed without a word'
  }

const checks = [
  { name: 'types', run: tool('typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json') },
  {
    name: 'lint',
    run: tool('oxlint/bin/oxlint', '--type-aware', '--deny-warnings', '--format', 'unix'),
  },
  { name: 'format', run: tool('oxfmt/bin/oxfmt', '--check', '.') },
  {
    name: 'dead code',
    run: tool('knip/bin/knip.js', '--no-progress', '--no-config-hints'),
  },
  { name: 'page size', run: (node) => pageSize(node) },
  { name: 'lock file', run: () => lockFile() },
  { name: 'secrets', run: () => secrets() },
  { name: 'suppressions', run: () => suppressions() },
  { name: 'links in documents', run: () => links() },
  { name: 'shell scripts', run: () => shellScripts() },
]

/** Builds the page and holds it to its budget (see the script). */
const pageSize = async (node) => {
  const script = 'packages/web/scripts/size.ts'
  if (!existsSync(path.join(root, script))) return null
  const built = await run(node, [bin('vite/bin/vite.js'), 'build', '--logLevel', 'warn'], {
    cwd: path.join(root, 'packages/web'),
  })
  if (!built.ok) return built.output
  const { ok, output } = await run(node, [script])
  return ok ? null : output
}

/**
 * Addresses of a registry bind everyone who clones this to the registry of whoever wrote them; and a
 * package with a program called npm hides that of the machine in every script (an npm 6 that came with
 * a test package once ran `npm run build` inside itself without end).
 */
const lockFile = () => {
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'))
  const faults = Object.entries(packages)
    .filter(([, entry]) => !entry.link && entry.resolved !== undefined)
    .map(([name, entry]) => `${name} is bound to ${entry.resolved}`)
  for (const [name, { bin: programs = {} }] of Object.entries(packages)) {
    if ('npm' in programs) faults.push(`${name} hides the npm of the machine`)
  }
  if (existsSync(path.join(root, '.npmrc'))) {
    const npmrc = readFileSync(path.join(root, '.npmrc'), 'utf8')
    if (/registry|_auth/i.test(npmrc)) faults.push('.npmrc names a registry or a token')
  }
  return faults.length === 0 ? null : faults.slice(0, 20).join('\n')
}

/** Files that are, or will be, part of the repository. */
const repositoryFiles = () => {
  const { stdout, status } = spawnSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '-z'],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  )
  if (status !== 0) throw new Error('git ls-files failed: this is not a clone')
  return stdout.split('\0').filter((file) => file !== '' && existsSync(path.join(root, file)))
}
const textFile = /\.(ts|tsx|mjs|js|json|ya?ml|md|sh|sql|html|css|conf|env|toml|txt)$|(^|\/)[^.]+$/
const read = (file) => readFileSync(path.join(root, file), 'utf8')

/** Each line of every text file for which `find` returns something, with its place. */
const scan = (files, find, textOf = read) =>
  files.flatMap((file) =>
    textOf(file)
      .split('\n')
      .flatMap((line, index) => find(line, file).map((fault) => `${file}:${index + 1}: ${fault}`)),
  )
const listed = (faults) => (faults.length === 0 ? null : faults.slice(0, 50).join('\n'))

const secretShapes = [
  [/-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s*$/, 'a private key'],
  [/\bAKIA[0-9A-Z]{16}\b/, 'an AWS access key'],
  [/\bgh[pousr]_[A-Za-z0-9]{36,}\b/, 'a GitHub token'],
  [/\bxox[abprs]-[0-9A-Za-z-]{20,}\b/, 'a Slack token'],
  [/\bnpm_[A-Za-z0-9]{36}\b/, 'an npm token'],
  [/\bhooks\.slack\.com\/services\/T[A-Z0-9]{8,}\//, 'a Slack webhook'],
]
const secrets = () =>
  listed(
    scan(
      repositoryFiles().filter((file) => textFile.test(file) && file !== 'package-lock.json'),
      (line) => secretShapes.filter(([shape]) => shape.test(line)).map(([, what]) => what),
    ),
  )

/** Whoever switches a rule off says why: `// oxlint-disable-next-line rule -- reason`. */
const suppressions = () =>
  listed(
    scan(
      repositoryFiles().filter((file) => /\.(ts|tsx|mjs|js)$/.test(file)),
      (line) => {
        const comment = /(?:\/\/|\/\*)\s*(oxlint-disable|eslint-disable|@ts-)[^\n]*/.exec(line)?.[0]
        if (comment === undefined) return []
        if (/@ts-(ignore|nocheck)/.test(comment)) return ['use @ts-expect-error with a reason']
        return / -- \S|@ts-expect-error:? \S/.test(comment) ? [] : ['give the reason: … -- reason']
      },
    ),
  )

/** Links between files of the repository lead somewhere. */
const links = () =>
  listed(
    scan(
      repositoryFiles().filter((file) => file.endsWith('.md')),
      (line, file) =>
        [...line.replaceAll(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)]
          .map(([, target]) => target.split('#')[0])
          .filter((target) => target !== '' && !/^[a-z]+:/i.test(target))
          .filter((target) => !existsSync(path.join(root, path.dirname(file), decodeURI(target))))
          .map((target) => `${target} does not exist`),
      withoutCode,
    ),
  )

/** A Markdown file with its fenced blocks emptied: a document that is an example links nothing. */
const withoutCode = (file) =>
  read(file).replaceAll(/^(`{3,})[^`\n]*\n[\s\S]*?^\1$/gm, (block) =>
    block.replaceAll(/[^\n]/g, ''),
  )

const shellScripts = () => {
  const scripts = repositoryFiles().filter(
    (file) => file.endsWith('.sh') || (!path.extname(file) && /^#!.*\b(ba)?sh\b/.test(read(file))),
  )
  const faults = scripts.flatMap((file) => {
    const shell = /^#!.*\bbash\b/.test(read(file)) ? 'bash' : 'sh'
    const { status, stderr } = spawnSync(shell, ['-n', file], { cwd: root, encoding: 'utf8' })
    return status === 0 ? [] : [stderr.trim()]
  })
  return listed(faults)
}

const concurrency = 2

/**
 * Runs all checks, two at a time, and prints a line for each as it ends.
 * @returns {Promise<{ passed: number, failures: { name: string, output: string }[] }>}
 */
export const runChecks = async () => {
  const node = findNode24()
  const waiting = [...checks]
  const failures = []
  const work = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const startedAt = performance.now()
      let fault
      try {
        fault = await check.run(node)
      } catch (error) {
        fault = error.message
      }
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
      console.log(`${fault === null ? '✓' : '✗'} ${check.name} (${seconds} s)`)
      if (fault !== null) {
        console.log(fault.replaceAll(/^/gm, '    '))
        failures.push({ name: check.name, output: fault })
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  return { passed: checks.length - failures.length, failures }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const startedAt = performance.now()
  installDependencies()
  const { failures } = await runChecks()
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(
    failures.length === 0
      ? `All checks passed in ${seconds} s`
      : `Failed in ${seconds} s: ${failures.map(({ name }) => name).join(', ')}`,
  )
  process.exitCode = failures.length === 0 ? 0 : 1
}
