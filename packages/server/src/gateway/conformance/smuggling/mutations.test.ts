import assert from 'node:assert/strict'
import { test } from 'node:test'

import { judge, lastRequest, originNames, statuses, type Speech } from './judge.ts'
import { mutationSets, type Mutation } from './mutations.ts'
import { nginxMissing } from './origins.ts'

/** What the tool sends to find who reads the length and who the chunks, and what an attack looks like. */
const bodies: readonly { name: string; length: number | null; body: string }[] = [
  { name: 'CL.TE', length: 4, body: '1\r\nZ\r\n0\r\n\r\n' },
  { name: 'TE.CL', length: 6, body: '0\r\n\r\nX' },
  { name: 'chunks alone', length: null, body: '1\r\nZ\r\n0\r\n\r\n' },
  ...['GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n'].map((inner) => ({
    name: 'hidden',
    length: inner.length + 5,
    body: `0\r\n\r\n${inner}`,
  })),
]

const speechesOf = (mutations: readonly Mutation[]): Speech[] => {
  let number = 0
  return mutations.flatMap(({ name, line }) =>
    bodies.flatMap(({ name: attack, length, body }) => {
      // The tool sends characters past 127 as UTF-8; as single bytes they are others.
      const encodings = /[\x80-\xff]/.test(line)
        ? (['utf8', 'latin1'] as const)
        : (['utf8'] as const)
      return encodings.map((encoding) => {
        number += 1
        const id = String(number)
        const declared = length === null ? '' : `Content-Length: ${length}\r\n`
        const head = `POST /${id}/ HTTP/1.1\r\n${line}\r\nHost: h\r\n${declared}\r\n`
        const bytes = Buffer.from(head + body + lastRequest(id), encoding)
        return { id, why: `${name}, ${attack}, ${encoding}`, bytes }
      })
    }),
  )
}

test('nginx is one of the origins', { skip: nginxMissing }, () => {
  assert.deepEqual(originNames, ['node', 'nginx', 'logging'])
})

for (const { name, count, mutations } of mutationSets) {
  test(`smuggler ${name}: ${count} mutations, no origin sees a request that nobody sent`, async (t) => {
    assert.equal(mutations.length, count)
    const speeches = speechesOf(mutations)
    const judged = await judge(speeches)
    const refused = speeches.filter(({ id }) => statuses(judged[0]?.heard, id)[0] === 400).length
    t.diagnostic(
      `${speeches.length} attacks × ${judged.length} origins: ${refused} refused at once, ` +
        `${speeches.length - refused} understood alike by all`,
    )
  })
}
