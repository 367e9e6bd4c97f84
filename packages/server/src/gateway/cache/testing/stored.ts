import { HeaderList } from '../../proxy/header-list.ts'
import { defaultPolicy, type CachePolicy } from '../policy.ts'
import { storableHead } from '../storable.ts'
import type { CacheRequest, StoredResponse } from '../stored-response.ts'

/** When tests of the cache take place. */
export const nowMs = Date.parse('2026-06-15T12:00:00Z')

export const aRequest = (
  fields: readonly string[] = [],
  more: Partial<Omit<CacheRequest, 'headers'>> = {},
): CacheRequest => ({
  method: 'GET',
  url: 'http://shop.test/list',
  realm: '',
  ...more,
  headers: new HeaderList([...fields]),
})

export type AskedAnswer = {
  status?: number
  fields?: readonly string[]
  body?: string | Buffer
  request?: CacheRequest
  policy?: Partial<CachePolicy>
  receivedMs?: number
}

/** What is kept of an answer, or why it is not. */
export const keptOrNot = (asked: AskedAnswer): StoredResponse | string => {
  const { status = 200, fields = [], request = aRequest(), receivedMs = nowMs } = asked
  const head = storableHead(
    request,
    { status, reason: 'OK', headers: new HeaderList([...fields]) },
    { requestedMs: receivedMs, receivedMs },
    { ...defaultPolicy, ...asked.policy },
  )
  return typeof head === 'string'
    ? head
    : { ...head, body: Buffer.from(asked.body ?? '0123456789') }
}

/** An answer that is kept, an hour fresh unless told otherwise. */
export const aStored = (asked: AskedAnswer = {}): StoredResponse => {
  const kept = keptOrNot({ fields: ['Cache-Control', 'max-age=3600'], ...asked })
  if (typeof kept === 'string') throw new Error(kept)
  return kept
}
