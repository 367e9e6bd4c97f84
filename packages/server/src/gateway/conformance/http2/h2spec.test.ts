import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { test } from 'node:test'

import { startBareNode, startOurs } from './servers.ts'

/**
 * summerwind/h2spec against our port and against bare Node. It is no package of Debian or npm: built with Go, and
 * found on the PATH or where KEELSON_H2SPEC says. Without it frames.test.ts has its ideas.
 */
const program = process.env['KEELSON_H2SPEC'] ?? 'h2spec'
const missing: string | false =
  spawnSync(program, ['--version']).error === undefined ? false : 'h2spec is not installed'

/**
 * Ours alone: what is no preface is none of HTTP/2 on a port that serves HTTP/1.1 as well. It is refused with 400
 * and the end of the connection, where h2spec wants a frame.
 */
const explained = ['2: Sends invalid connection preface']

const failuresAt = (port: number): Promise<string[]> =>
  new Promise((resolve, reject) => {
    execFile(program, ['-h', '127.0.0.1', '-p', String(port), '-o', '1'], (_error, output) => {
      const summary = output.slice(output.indexOf('Failures:'))
      if (!/\d+ tests, \d+ passed/.test(output)) return reject(new Error(output))
      resolve(
        output.includes('Failures:')
          ? [...summary.matchAll(/^ *× (.*)$/gm)].map(([, name = '']) => name)
          : [],
      )
    })
  })

test('h2spec: no worse than bare Node', { skip: missing, timeout: 120_000 }, async (t) => {
  await using node = await startBareNode()
  await using ours = await startOurs()
  const [nodes, own] = await Promise.all([failuresAt(node.port), failuresAt(ours.port)])
  const worse = own.filter((name) => !nodes.includes(name) && !explained.includes(name))
  assert.deepEqual(worse, [])
  t.diagnostic(`of 146: bare Node fails ${nodes.length}, we fail ${own.length}`)
})
