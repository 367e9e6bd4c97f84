import assert from 'node:assert/strict'
import { test } from 'node:test'

import { shapes } from './corpus.ts'
import { judge, lastRequest, statuses } from './judge.ts'
import { nginxMissing } from './origins.ts'
import { readRequests } from './strict-reader.ts'

const speeches = shapes.map(({ why, text }, at) => {
  const id = String(at)
  const bytes = Buffer.from(text.replaceAll('<id>', id) + lastRequest(id), 'latin1')
  return { id, why, bytes }
})

test('the corpus: what is ambiguous is refused, and all origins agree on the rest', async (t) => {
  const judged = await judge(speeches)
  for (const { origin, heard } of judged) {
    const wrong = shapes.flatMap(({ why, statuses: expected }, at) => {
      const actual = statuses(heard, String(at))
      return String(actual) === String(expected) ? [] : [{ why, expected, actual }]
    })
    assert.deepEqual(wrong, [], origin)
  }
  t.diagnostic(`${shapes.length} shapes × ${judged.length} origins`)
  if (nginxMissing !== false) t.diagnostic(`without nginx: ${nginxMissing}`)
})

const wrong: readonly { why: string; bytes: string }[] = [
  {
    why: 'two framings',
    bytes: 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n',
  },
  {
    why: 'another spelling of chunked',
    bytes: 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n',
  },
  { why: 'bytes between requests', bytes: 'GET / HTTP/1.1\r\nHost: h\r\n\r\nX\r\n\r\n' },
  { why: 'a bare carriage return', bytes: 'GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n' },
  { why: 'a blank before the colon', bytes: 'GET / HTTP/1.1\r\nHost : h\r\n\r\n' },
]
for (const { why, bytes } of wrong) {
  test(`the logging origin does not let pass: ${why}`, () => {
    assert.throws(() => readRequests(bytes))
  })
}
