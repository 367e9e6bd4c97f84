import assert from 'node:assert/strict'
import { test } from 'node:test'

import { openGateway } from '../../testing/gateway.ts'
import { startLoggingOrigin } from '../smuggling/origins.ts'
import { data, frameCases, headers, post, request, type FrameCase } from './cases.ts'
import { endHeaders, endStream, frame, preface, react, types } from './frames.ts'
import { configFor, startBareNode, startOurs } from './servers.ts'

const isRight = ({ right }: FrameCase, heard: readonly string[]): boolean =>
  heard.some((one) => right.includes(one))

const nameOf = ({ section, why }: FrameCase): string => `${section} ${why}`

test('HTTP/2 frames: wherever bare Node does what the RFC says, so do we', async (t) => {
  await using node = await startBareNode()
  await using ours = await startOurs()
  const deviations: string[] = []
  const worse: object[] = []
  for (const one of frameCases) {
    const options = { answers: one.answers ?? 0 }
    const [nodes, own] = await Promise.all([
      react(node.port, one.said, options),
      react(ours.port, one.said, options),
    ])
    if (isRight(one, own)) continue
    deviations.push(nameOf(one))
    if (isRight(one, nodes)) worse.push({ case: nameOf(one), own, nodes })
  }
  assert.deepEqual(worse, [])
  t.diagnostic(`${frameCases.length} cases; as Node, and not as the RFC: ${deviations.join('; ')}`)
})

test('what begins like HTTP/2 and is none is answered in HTTP/1.1, and the connection ends', async () => {
  await using ours = await startOurs()
  const wrong = Buffer.from('INVALID CONNECTION PREFACE\r\n\r\n')
  assert.deepEqual(await react(ours.port, [], { start: [wrong] }), ['closed'])
  const other = Buffer.concat([preface.subarray(0, 18), Buffer.from('XX\r\n\r\n')])
  const heard = await react(ours.port, [], { start: [other] })
  assert.ok(heard.includes('closed'), heard.join(', '))
})

/** What becomes a line, a field or a framing of HTTP/1.1 when nobody looks. */
const injections: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'a line in a value': [...request, ['x', 'y\r\ntransfer-encoding: chunked']],
  'a request in a value': [...request, ['x', 'y\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n']],
  'a line feed in a value': [...request, ['x', 'y\ntransfer-encoding: chunked']],
  'a carriage return in a value': [...request, ['x', 'y\rz']],
  'NUL in a value': [...request, ['x', 'y\0z']],
  'a line in a name': [...request, ['x: y\r\nz', 'a']],
  'a colon in a name': [...request, ['x:y', 'a']],
  'a blank in a name': [...request, ['transfer-encoding ', 'chunked']],
  chunks: [...request, ['transfer-encoding', 'chunked']],
  'a request line in the path': swap(':path', '/ HTTP/1.1\r\nHost: h\r\n\r\nGET /smuggled'),
  'a blank in the path': swap(':path', '/smuggled HTTP/1.1 x'),
  'a fragment in the path': swap(':path', '/#smuggled'),
  'a path that is none': swap(':path', 'smuggled'),
  'a request line in the method': swap(':method', 'GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\nGET'),
  'a blank in the method': swap(':method', 'GET /smuggled'),
  'a line in the authority': swap(':authority', 'h\r\nx: y'),
  'a path in the authority': swap(':authority', 'h/smuggled'),
  'a scheme with a host': swap(':scheme', 'http://smuggled/?'),
  'another host': [...request, ['host', 'smuggled']],
  'two hosts': [...request, ['host', 'h'], ['host', 'smuggled']],
  'a length of another notation': [...request, ['content-length', '0x0']],
  'a list of lengths': [...request, ['content-length', '0, 0']],
}

function swap(name: string, value: string): (readonly [string, string])[] {
  return request.map((field) => (field[0] === name ? [name, value] : field))
}

/** Served as the one request that they are: nghttp2 leaves out fields that are not valid. */
const harmless = [
  ...['a line in a value', 'a request in a value', 'a line feed in a value'],
  ...['a carriage return in a value', 'NUL in a value', 'a line in a name', 'a colon in a name'],
  ...['a blank in a name', 'an end without data'],
]

const bodies: Readonly<Record<string, readonly Buffer[]>> = {
  'a length of 0 and a body': [
    headers(1, [...post, ['content-length', '0']], endHeaders),
    data(1, 'GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n', endStream),
  ],
  'a length below that of the body': [
    headers(1, [...post, ['content-length', '4']], endHeaders),
    data(1, 'bodyGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n', endStream),
  ],
  'a length past that of the body': [
    headers(1, [...post, ['content-length', '400']], endHeaders),
    data(1, 'body', endStream),
  ],
  'a length without a body': [headers(1, [...post, ['content-length', '40']])],
  'two lengths': [
    headers(1, [...post, ['content-length', '4'], ['content-length', '40']], endHeaders),
    data(1, 'body', endStream),
  ],
  'a framing in trailers': [
    headers(1, post, endHeaders),
    data(1, '0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n'),
    headers(1, [['content-length', '0']]),
  ],
  'an end without data': [headers(1, post, endHeaders), frame(types.data, endStream, 1)],
}

test('nothing that HTTP/2 carries becomes a second request of HTTP/1.1', async () => {
  await using origin = await startLoggingOrigin()
  await using gateway = await openGateway({ config: configFor(origin.port) })
  const all = [
    ...Object.entries(injections).map(([why, fields]) => ({ why, said: [headers(1, fields)] })),
    ...Object.entries(bodies).map(([why, said]) => ({ why, said })),
  ]
  const served: string[] = []
  for (const { why, said } of all) {
    const heard = await react(gateway.port, said, { answers: 1 })
    assert.ok(!heard.includes('silence'), `${why}: ${heard.join(', ')}`)
    if (heard.includes('status 200')) served.push(why)
  }
  const seen = await origin.seen()
  assert.deepEqual(served, harmless)
  assert.equal(seen.length, served.length)
  for (const line of seen) assert.match(line, /^(?:GET|POST) \/$/)
})

test('a session that breaks in the read that opened a stream takes nobody else with it', async () => {
  await using ours = await startOurs()
  const broken = [headers(1, post, endHeaders), frame(types.rstStream, 0, 1, Buffer.alloc(3))]
  for (let round = 0; round < 10; round += 1) {
    assert.ok((await react(ours.port, broken)).includes('GOAWAY FRAME_SIZE_ERROR'))
  }
  assert.deepEqual(await react(ours.port, [headers(1)], { answers: 1 }), ['status 200'])
})
