import assert from 'node:assert/strict'

import { openGateway } from '../../testing/gateway.ts'
import {
  nginxMissing,
  startLoggingOrigin,
  startNginxOrigin,
  startNodeOrigin,
  type WatchedOrigin,
} from './origins.ts'
import { each, speak, type Answer } from './speak.ts'

/** What one client says on one connection; `id` is in the target of everything it asks for. */
export type Speech = { id: string; why: string; bytes: Buffer }

/** What the client heard, by the id of its speech. */
export type Hearing = ReadonlyMap<string, Answer[]>

/** Past these no request was seen that nobody sent: see `judge`. */
export type Judged = { origin: string; heard: Hearing }

const starters: Readonly<Record<string, () => Promise<WatchedOrigin>>> = {
  node: startNodeOrigin,
  ...(nginxMissing === false ? { nginx: startNginxOrigin } : {}),
  logging: startLoggingOrigin,
}

export const originNames: readonly string[] = Object.keys(starters)

/** The last request on a connection: whoever understood what was before answers it and hangs up. */
export const lastRequest = (id: string): string =>
  `GET /${id}/last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`

/**
 * Says everything to a gateway before each of the origins, on a connection for each speech, and holds that
 *
 * - every answer of an origin belongs to the connection that it came back on;
 * - an origin took for requests what was answered, and nothing else: no request is made of the inside of another
 *   one, none is seen twice, and no bytes are left over;
 * - what clients hear does not depend on which parser is behind the gateway.
 */
export const judge = async (speeches: readonly Speech[]): Promise<Judged[]> => {
  const judged: Judged[] = []
  for (const [origin, start] of Object.entries(starters)) {
    await using watched = await start()
    await using gateway = await openGateway({ config: configFor(watched.port) })
    const heard = new Map<string, Answer[]>()
    await each(speeches, 32, async ({ id, bytes }) => {
      heard.set(id, await speak(gateway.port, bytes))
    })
    const targets = answered(speeches, heard, origin)
    const seen = await watched.seen()
    assert.deepEqual(seen.filter((line) => line.startsWith('fault')).slice(0, 5), [], origin)
    assert.deepEqual(
      seen.map((line) => line.slice(line.indexOf(' ') + 1)).sort(),
      targets.sort(),
      `${origin}: requests seen, and those that were answered`,
    )
    judged.push({ origin, heard })
  }
  const [first, ...others] = judged
  for (const other of others) {
    for (const { id, why } of speeches) {
      assert.deepEqual(statuses(other.heard, id), statuses(first?.heard, id), why)
    }
  }
  return judged
}

export const statuses = (heard: Hearing | undefined, id: string): number[] =>
  (heard?.get(id) ?? []).map(({ status }) => status)

/** Targets that an origin answered; each belongs to whom it was answered. */
const answered = (speeches: readonly Speech[], heard: Hearing, origin: string): string[] =>
  speeches.flatMap(({ id, why }) =>
    (heard.get(id) ?? []).flatMap(({ status, target }) => {
      if (status !== 200) return []
      assert.ok(target.startsWith(`/${id}/`), `${origin}: ${why} was answered ${target}`)
      return [target]
    }),
  )

/** POST is repeated on no condition: whatever is seen twice was made of one. */
const configFor = (port: number): string => `
_format_version: "3.0"
services:
- name: origin
  url: http://127.0.0.1:${port}
  retries: 0
  routes:
  - name: all
    paths: [/]
    strip_path: false
`
