// `npm test`: everything, on a machine with only Node 20.19 and npm. What the machine cannot offer
// is skipped by name. The last line on stdout is `N passed, N failed, N skipped`.
//
//   npm test                      all checks, all tests
//   npm test -- compose gateway   no checks, only test files with one of these in their path
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runChecks } from './check.mjs'
import { endGroup, findNode24, installDependencies, root, run } from './toolchain.mjs'

const totalTimeoutMs = 80 * 60_000
const startedAt = Date.now()
const filters = process.argv.slice(2)
const totals = { passed: 0, failed: 0, skipped: 0, failures: [], skips: [] }

const fail = (name, error) => {
  totals.failed += 1
  totals.failures.push({ name, file: '', line: 0, error, output: '' })
}

// Programs that tests use, and the Debian packages that hold them.
const programs = [
  { names: ['chromium', 'chromium-browser', 'google-chrome'], package: 'chromium' },
  { names: ['redis-server'], package: 'redis-server' },
  { names: ['nats-server'], package: 'nats-server' },
  { names: ['mosquitto'], package: 'mosquitto' },
  { names: ['nginx'], package: 'nginx' },
  { names: ['busybox'], package: 'busybox-static' },
  { names: ['dockerd'], package: 'docker.io' },
]
const searchPath = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']
const installed = (name) => searchPath.some((folder) => existsSync(path.join(folder, name)))

/** On a CI machine that is ours to change (root, Debian), missing programs are installed. */
const installPrograms = async () => {
  const missing = programs.filter(({ names }) => !names.some(installed))
  if (missing.length === 0) return
  const wanted = missing.map((program) => program.package)
  const mayInstall = process.env.CI === 'true' && process.getuid?.() === 0 && installed('apt-get')
  if (!mayInstall) {
    console.log(`Not installed here, tests that need them are skipped: ${wanted.join(', ')}`)
    return
  }
  console.log(`Installing ${wanted.join(', ')} …`)
  // RUNLEVEL=1 keeps Debian from starting the servers it has just installed.
  const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  await run('apt-get', ['update', '-qq'], { env, timeoutMs: 120_000 })
  for (const name of wanted) {
    const { ok, output } = await run(
      'apt-get',
      ['install', '-y', '-qq', '--no-install-recommends', name],
      {
        env,
        timeoutMs: 300_000,
      },
    )
    if (!ok) console.log(`Could not install ${name}: ${output.split('\n').at(-1)}`)
  }
}

/** The page as it is served; built when it is not, or older than its sources. */
const buildPage = async (node) => {
  const web = path.join(root, 'packages/web')
  const built = path.join(web, 'dist/index.html')
  const builtAt = existsSync(built) ? statSync(built).mtimeMs : 0
  const sources = readdirSync(path.join(web, 'src'), { recursive: true, withFileTypes: true })
  const isStale = sources
    .filter((entry) => entry.isFile())
    .some((entry) => statSync(path.join(entry.parentPath, entry.name)).mtimeMs > builtAt)
  if (!isStale) return
  const vite = path.join(root, 'node_modules/vite/bin/vite.js')
  const { ok, output } = await run(node, [vite, 'build', '--logLevel', 'warn'], { cwd: web })
  if (!ok) fail('the page builds', output)
}

// Whatever a test starts inherits this variable, so that what it leaves behind can be found.
const mark = `TEST_RUN_MARK=${randomUUID()}`
const findLeftovers = () => {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark)) return []
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        return command === '' ? [] : [{ pid: Number(pid), command: command.slice(0, 200) }]
      } catch {
        return [] // ended meanwhile, or not ours to read
      }
    })
}

/** What is still there after a grace is killed and reported: a leak is a fault of the product. */
const endLeftovers = async () => {
  const deadline = Date.now() + 3000
  let left = findLeftovers()
  while (left.length > 0 && Date.now() < deadline) {
    await sleep(100)
    left = findLeftovers()
  }
  if (left.length === 0) return
  for (const { pid } of left) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // ended meanwhile
    }
  }
  fail('nothing is left running', left.map(({ pid, command }) => `${pid} ${command}`).join('\n'))
}

// That of the command itself: hundreds of test files load the same modules, each in a process.
const compileCache = path.join(root, 'node_modules/.cache/keelson')

const runTests = async (node) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'keelson-test-'))
  const totalsFile = path.join(folder, 'totals.json')
  const [name, value] = mark.split('=')
  const child = spawn(node, ['scripts/run-tests.mjs', totalsFile, ...filters], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { NODE_COMPILE_CACHE: compileCache, ...process.env, [name]: value },
  })
  const stop = () => endGroup(child.pid, 'SIGTERM')
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  let timedOut = false
  const timer = setTimeout(
    () => {
      timedOut = true
      stop()
      setTimeout(() => endGroup(child.pid, 'SIGKILL'), 5000).unref()
    },
    Math.max(totalTimeoutMs - (Date.now() - startedAt), 60_000),
  )
  const code = await new Promise((resolve) => {
    child.once('error', () => resolve(null))
    child.once('exit', resolve)
  })
  clearTimeout(timer)
  const result = existsSync(totalsFile) ? JSON.parse(readFileSync(totalsFile, 'utf8')) : totals
  rmSync(folder, { recursive: true, force: true })
  for (const key of ['passed', 'failed', 'skipped']) totals[key] += result[key]
  totals.failures.push(...result.failures)
  totals.skips.push(...result.skips)
  if (timedOut) fail('all tests end in time', `not done after ${totalTimeoutMs / 60_000} minutes`)
  else if (code !== 0 && result.failed === 0) fail('the test run ends', `it ended with ${code}`)
  await endLeftovers()
}

const report = () => {
  if (totals.skips.length > 0) console.log('\nSkipped:')
  const reasons = new Map()
  for (const skip of totals.skips) {
    reasons.set(skip.reason, [...(reasons.get(skip.reason) ?? []), skip])
  }
  for (const [reason, skips] of reasons) {
    const files = [...new Set(skips.map(({ file }) => file))].join(', ')
    console.log(`SKIPPED: ${reason} (${skips.length} in ${files})`)
  }
  if (totals.failures.length > 0) console.log('\nFailed:')
  for (const { name, file, line, error, output } of totals.failures) {
    console.log(`✗ ${file === '' ? '' : `${file}:${line} `}${name}`)
    console.log(error.replaceAll(/^/gm, '    '))
    if (output !== '') console.log(`    printed last:\n${output.replaceAll(/^/gm, '    │ ')}`)
  }
  console.log(`\nAfter ${Math.round((Date.now() - startedAt) / 1000)} s:`)
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
}

try {
  installDependencies()
  const node = findNode24()
  await installPrograms()
  if (filters.length === 0) {
    const { passed, failures } = await runChecks()
    totals.passed += passed
    for (const { name, output } of failures) fail(`check: ${name}`, output)
  }
  await buildPage(node)
  await runTests(node)
} catch (error) {
  fail('npm test', error.stack ?? String(error))
}
report()
process.exitCode = totals.failed === 0 ? 0 : 1
