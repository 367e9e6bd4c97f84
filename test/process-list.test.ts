import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import test from 'node:test'
import { waitFor } from './harness.ts'
import { listProcesses, withDescendants } from './process-list.ts'

const skip = process.platform === 'linux' ? false : 'the process list needs Linux (/proc)'

test('a grandchild is found under its root, and gone once it is killed', { skip }, async () => {
  const child = spawn('sh', ['-c', 'sleep 60 & wait'], { stdio: 'ignore' })
  try {
    const family = await waitFor('the grandchild runs', async () => {
      const all = await listProcesses()
      const found = withDescendants(
        all.filter(({ pid }) => pid === child.pid),
        all,
      )
      return found.length === 2 ? found : undefined
    })
    assert.ok(family.some(({ command }) => command === 'sleep 60'))
    for (const { pid } of family) process.kill(pid, 'SIGKILL')
    await once(child, 'exit')
    const left = new Set(family.map(({ pid, startedAt }) => `${pid}@${startedAt}`))
    await waitFor('both have ended', async () =>
      (await listProcesses()).every(({ pid, startedAt }) => !left.has(`${pid}@${startedAt}`)),
    )
  } finally {
    child.kill('SIGKILL')
  }
})
