import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createProgram } from '../program.ts'
import { completionScript } from './script.ts'
import { readTree, shells } from './tree.ts'

const leaves = readTree(createProgram(() => undefined))
const isThere = (shell: string) => spawnSync(shell, ['-c', 'true']).error === undefined

for (const shell of shells) {
  const skip = isThere(shell) ? false : `${shell} is not installed`
  test(`the ${shell} script is valid ${shell}`, { skip }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'keelson-completion-'))
    const file = join(folder, 'script')
    writeFileSync(file, completionScript(shell, leaves))
    const checked = spawnSync(shell, ['-n', file], { encoding: 'utf8' })
    rmSync(folder, { recursive: true })
    assert.equal(checked.stderr, '')
    assert.equal(checked.status, 0)
  })

  test(`the ${shell} script knows every command and option of the tree`, () => {
    const script = completionScript(shell, leaves)
    for (const { path, flags } of leaves) {
      assert.ok(
        path.every((word) => script.includes(word)),
        path.join(' '),
      )
      for (const name of flags.flatMap((flag) => flag.names)) {
        const shown = shell === 'fish' ? name.replace(/^-+/, '') : name
        assert.ok(script.includes(shown), `${path.join(' ')} ${name}`)
      }
    }
  })
}

const completions: [string[], string, RegExp][] = [
  [['keelson', ''], 'commands', /\bup\b.*\bdown\b.*\bcompletion\b/s],
  [['keelson', 'stat'], 'a command', /^status\n$/],
  [
    ['keelson', 'up', '--pro'],
    'options',
    /^--project-name\n--profile\n--project-directory\n--progress\n$/,
  ],
  [['keelson', 'up', '--progress', ''], 'values', /^auto\ntty\nplain\njson\nquiet\n$/],
  [['keelson', 'backup', ''], 'commands below', /^create\nrestore\nverify\n$/],
  [['keelson', '--stack', 'up', 'completion', ''], 'past a value', /^bash\nzsh\nfish\n$/],
  [['keelson', 'logs', '-f', 'w'], 'services', /^web\nworker\n$/],
  [['keelson', 'down', '--stack', ''], 'stacks', /^shop\n$/],
]

for (const [words, what, expected] of completions) {
  test(`bash completes ${what}: ${words.join(' ')}`, { skip: !isThere('bash') }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'keelson-completion-'))
    try {
      const fake =
        '#!/bin/sh\ncase $2 in services) echo web; echo worker;; stacks) echo shop;; esac\n'
      writeFileSync(join(folder, 'keelson'), fake, { mode: 0o755 })
      const quoted = words.map((word) => `'${word}'`).join(' ')
      const input = `${completionScript('bash', leaves)}
COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _keelson; printf '%s\\n' "\${COMPREPLY[@]}"`
      const env = { PATH: `${folder}:${process.env['PATH']}` }
      const ran = spawnSync('bash', ['--norc'], { input, encoding: 'utf8', env })
      assert.equal(ran.stderr, '')
      assert.match(ran.stdout, expected)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
}
