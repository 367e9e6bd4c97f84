import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import type { AuditRow } from '@keelson/contract'
import {
  startWebhook,
  webhookSecret,
} from '../../packages/server/src/kernel/audit/sinks/testing/receivers.ts'
import { createKeelson, waitFor } from '../harness.ts'

/** `kill -9` of the control process while it delivers the audit: every row arrives. */

const rounds = Number(process.env['KEELSON_CHAOS_ROUNDS'] ?? 3)

test(`kill -9 of the platform while it delivers, ${rounds} rounds`, async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'keelson-delivery-'))
  const secretFile = path.join(folder, 'secret')
  await writeFile(secretFile, webhookSecret)
  let whenAsked = (): void => undefined
  await using receiver = await startWebhook((_call, reply, count) => {
    whenAsked()
    // Some of them are taken, and the platform dies before it knows.
    if (count % 3 !== 0) reply.writeHead(204).end()
  })
  const keelson = await createKeelson({
    env: {
      KEELSON_AUDIT_WEBHOOK: receiver.url,
      KEELSON_AUDIT_WEBHOOK_SECRET_FILE: secretFile,
    },
  })
  t.after(async () => {
    await keelson.dispose()
    await rm(folder, { recursive: true, force: true })
  })
  await keelson.run(['up', '-d', '--progress', 'plain'], {
    cwd: path.join(import.meta.dirname, '../fixtures/steady'),
    env: { STARTS_FILE: path.join(folder, 'starts.jsonl') },
  })
  const controlPid = async (): Promise<number> => {
    const text = await readFile(path.join(keelson.dataDir, 'platform.json'), 'utf8')
    return (JSON.parse(text) as { pid: number }).pid
  }

  for (let round = 1; round <= rounds; round += 1) {
    const pid = await controlPid()
    let isKilled = false
    whenAsked = () => {
      if (!isKilled) process.kill(pid, 'SIGKILL')
      isKilled = true
    }
    await keelson
      .call('putRole', { params: { role: `r${round}` }, body: { permissions: ['services:read'] } })
      .catch(() => undefined)
    await waitFor('it was killed', () => isKilled)
    await waitFor('another control process answers', async () => {
      const isReady = (await fetch(`${keelson.url}/readyz`)).ok
      return isReady && (await controlPid()) !== pid
    })
  }
  whenAsked = () => undefined
  await waitFor(
    'all is delivered',
    async () => (await keelson.call('getAuditState')).sinks[0]?.lagRows === 0,
    { deadlineMs: 60_000 },
  )
  const arrived = new Set(receiver.calls.flatMap(({ rows }) => rows.map(({ id }) => id)))
  const { items } = await keelson.call('listAudit', { query: { limit: 1000 } })
  assert.deepEqual(
    items.filter(({ id }: AuditRow) => !arrived.has(id)),
    [],
  )
  assert.ok(receiver.calls.every(({ isSigned }) => isSigned))
  assert.match((await keelson.run(['audit', 'verify'])).stdout, /^Whole/)
  await keelson.stop()
})
