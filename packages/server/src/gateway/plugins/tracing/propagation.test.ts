import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { HeaderList } from '../../proxy/header-list.ts'
import { traceIdOf } from '../logging/trace-note.ts'
import { testExchange } from '../testing/index.ts'
import { extractTrace } from './extract.ts'
import { findTrace, settlePropagation, tellTrace, type Propagation } from './propagation.ts'
import {
  formats,
  isSampled,
  newTraceId,
  type ExtractFormat,
  type IncomingTrace,
  type TraceFormat,
} from './trace-context.ts'

const long = '4bf92f3577b34da6a3ce929d0e0e4736'
const short = 'a3ce929d0e0e4736'
const padded = short.padStart(32, '0')
const span = '00f067aa0ba902b7'
const parent = '05e3ac9a4f6e3b90'

type Read = Partial<IncomingTrace> | null

const read: { format: ExtractFormat; headers: Record<string, string>; is: Read }[] = [
  {
    format: 'w3c',
    headers: { traceparent: `00-${long}-${span}-01` },
    is: { traceId: long, spanId: span, parentId: null, sampled: true, sharesSpan: false },
  },
  { format: 'w3c', headers: { traceparent: `00-${long}-${span}-00` }, is: { sampled: false } },
  { format: 'w3c', headers: { traceparent: `cc-${long}-${span}-01-what` }, is: { traceId: long } },
  { format: 'w3c', headers: { traceparent: `00-${long}-${span}-01-what` }, is: null },
  { format: 'w3c', headers: { traceparent: `ff-${long}-${span}-01` }, is: null },
  { format: 'w3c', headers: { traceparent: `00-${'0'.repeat(32)}-${span}-01` }, is: null },
  { format: 'w3c', headers: { traceparent: `00-${long}-${'0'.repeat(16)}-01` }, is: null },
  { format: 'w3c', headers: { traceparent: 'no' }, is: null },
  {
    format: 'b3',
    headers: { b3: `${long}-${span}-1-${parent}` },
    is: { traceId: long, spanId: span, parentId: parent, sampled: true, isSingle: true },
  },
  { format: 'b3', headers: { b3: `${short}-${span}-d` }, is: { traceId: padded, debug: true } },
  { format: 'b3', headers: { b3: `${short}-${span}` }, is: { traceIdDigits: 16, sampled: null } },
  { format: 'b3', headers: { b3: '0' }, is: { traceId: null, sampled: false } },
  { format: 'b3', headers: { b3: 'no' }, is: null },
  { format: 'b3', headers: { tracestate: `b3=${long}-${span}-1` }, is: { traceId: long } },
  { format: 'b3', headers: { tracestate: 'vendor=1' }, is: null },
  {
    format: 'b3',
    headers: {
      'x-b3-traceid': short,
      'x-b3-spanid': span,
      'x-b3-parentspanid': parent,
      'x-b3-sampled': 'true',
    },
    is: { traceId: padded, spanId: span, parentId: parent, sampled: true, sharesSpan: true },
  },
  { format: 'b3', headers: { 'x-b3-traceid': 'xyz' }, is: null },
  { format: 'b3', headers: { 'x-b3-flags': '1' }, is: { sampled: true, debug: true } },
  {
    format: 'jaeger',
    headers: { 'uber-trace-id': `${short}:${span}:0:3`, 'uberctx-user': 'ada' },
    is: {
      traceId: padded,
      spanId: span,
      parentId: null,
      sampled: true,
      baggage: [['user', 'ada']],
    },
  },
  { format: 'jaeger', headers: { 'uber-trace-id': `0:${span}:0:1` }, is: null },
  {
    format: 'ot',
    headers: {
      'ot-tracer-traceid': short,
      'ot-tracer-spanid': span,
      'ot-tracer-sampled': '0',
      'ot-baggage-a': 'b',
    },
    is: { traceId: padded, spanId: span, sampled: false, baggage: [['a', 'b']] },
  },
  {
    format: 'datadog',
    headers: {
      'x-datadog-trace-id': BigInt(`0x${short}`).toString(),
      'x-datadog-parent-id': BigInt(`0x${span}`).toString(),
      'x-datadog-sampling-priority': '2',
    },
    is: { traceId: padded, spanId: span, sampled: true },
  },
  { format: 'datadog', headers: { 'x-datadog-trace-id': '99999999999999999999' }, is: null },
  {
    format: 'aws',
    headers: {
      'x-amzn-trace-id': `Root=1-${long.slice(0, 8)}-${long.slice(8)}; Parent=${span};Sampled=1`,
    },
    is: { traceId: long, spanId: span, sampled: true },
  },
  { format: 'aws', headers: { 'x-amzn-trace-id': 'Root=2-a-b' }, is: null },
  {
    format: 'gcp',
    headers: { 'x-cloud-trace-context': `${long}/${BigInt(`0x${span}`)};o=1` },
    is: { traceId: long, spanId: span, sampled: true },
  },
  { format: 'gcp', headers: { 'x-cloud-trace-context': `${long}/1` }, is: { sampled: false } },
  {
    format: 'instana',
    headers: { 'x-instana-t': long, 'x-instana-s': span, 'x-instana-l': '1' },
    is: { traceId: long, spanId: span, sampled: true },
  },
]

const listOf = (headers: Record<string, string>) => new HeaderList(Object.entries(headers).flat())

describe('reads', () => {
  for (const { format, headers, is } of read) {
    test(`${format}: ${Object.values(headers).join(' ')}`, () => {
      const found = extractTrace(listOf(headers), [format])?.trace ?? null
      if (is === null || found === null) assert.equal(found, is)
      else assert.partialDeepStrictEqual(found, is)
    })
  }

  test('two of what may come once as none', () => {
    const one = ['traceparent', `00-${long}-${span}-01`]
    assert.equal(extractTrace(new HeaderList([...one, ...one]), ['w3c']), null)
  })

  test('whatever comes without a fault', () => {
    const fields = read.flatMap(({ headers }) => Object.keys(headers))
    fc.assert(
      fc.property(fc.constantFrom(...fields), fc.string(), (name, value) => {
        extractTrace(new HeaderList([name, value]), ['b3', 'w3c', 'jaeger', 'ot', 'datadog'])
        extractTrace(new HeaderList([name, value]), ['aws', 'gcp', 'instana'])
      }),
    )
  })
})

const everything = { extract: null, clear: null, inject: null, default_format: 'w3c' as const }

/** What the service sees of what came, in these formats. */
const handOn = (came: Record<string, string>, propagation: Propagation) => {
  const exchange = testExchange({ headers: Object.entries(came).flat() })
  const found = findTrace(exchange, propagation)
  tellTrace(exchange, propagation, found, {
    traceId: found?.trace.traceId ?? long,
    spanId: span,
    parentId: parent,
    sampled: true,
  })
  return { headers: Object.fromEntries(exchange.request.headers), exchange }
}

const decimal = (hex: string) => BigInt(`0x${hex}`).toString()

const written: [format: TraceFormat, headers: Record<string, string>][] = [
  ['w3c', { traceparent: `00-${long}-${span}-01` }],
  [
    'b3',
    {
      'x-b3-traceid': long,
      'x-b3-spanid': span,
      'x-b3-parentspanid': parent,
      'x-b3-sampled': '1',
    },
  ],
  ['b3-single', { b3: `${long}-${span}-1-${parent}` }],
  ['jaeger', { 'uber-trace-id': `${long}:${span}:${parent}:01` }],
  [
    'ot',
    { 'ot-tracer-traceid': long.slice(16), 'ot-tracer-spanid': span, 'ot-tracer-sampled': '1' },
  ],
  [
    'datadog',
    {
      'x-datadog-trace-id': decimal(long.slice(16)),
      'x-datadog-parent-id': decimal(span),
      'x-datadog-sampling-priority': '1',
    },
  ],
  [
    'aws',
    { 'x-amzn-trace-id': `Root=1-${long.slice(0, 8)}-${long.slice(8)};Parent=${span};Sampled=1` },
  ],
  ['gcp', { 'x-cloud-trace-context': `${long}/${decimal(span)};o=1` }],
  ['instana', { 'x-instana-t': long, 'x-instana-s': span, 'x-instana-l': '1' }],
]

describe('writes', () => {
  test('every format', () => {
    assert.deepEqual(
      written.map(([format]) => format),
      [...formats],
    )
  })
  for (const [format, headers] of written) {
    test(format, () => {
      const propagation = settlePropagation({ ...everything, inject: [format] }, 'preserve')
      assert.deepEqual(handOn({}, propagation).headers, headers)
    })
  }
})

const settled: {
  name: string
  propagation: Propagation
  came: Record<string, string>
  goes: Record<string, string | undefined>
}[] = [
  {
    name: 'preserve: as it came',
    propagation: settlePropagation(everything, 'preserve'),
    came: { b3: `${short}-${span}-1` },
    goes: { b3: `${short}-${span}-1-${parent}`, traceparent: undefined },
  },
  {
    name: 'preserve: a tracestate of others does not hide a traceparent',
    propagation: settlePropagation(everything, 'preserve'),
    came: { traceparent: `00-${long}-${parent}-01`, tracestate: 'vendor=1' },
    goes: { traceparent: `00-${long}-${span}-01`, tracestate: 'vendor=1' },
  },
  {
    name: 'preserve: the default format when nothing came, without the tracestate of another trace',
    propagation: settlePropagation(everything, 'preserve'),
    came: { tracestate: 'vendor=1' },
    goes: { traceparent: `00-${long}-${span}-01`, tracestate: undefined },
  },
  {
    name: 'one format: beside the one it came in',
    propagation: settlePropagation(everything, 'jaeger'),
    came: { 'x-b3-traceid': long, 'x-b3-spanid': span },
    goes: { 'x-b3-traceid': long, 'uber-trace-id': `${long}:${span}:${parent}:01` },
  },
  {
    name: 'ignore: a new trace',
    propagation: settlePropagation(everything, 'ignore'),
    came: { 'x-b3-traceid': padded, 'x-b3-spanid': span },
    goes: { traceparent: `00-${long}-${span}-01` },
  },
  {
    name: 'propagation goes before header_type',
    propagation: settlePropagation(
      { ...everything, extract: ['w3c'], inject: ['aws'], clear: ['Traceparent'] },
      'b3',
    ),
    came: { traceparent: `00-${long}-${parent}-01` },
    goes: { 'x-amzn-trace-id': written[6]?.[1]['x-amzn-trace-id'], traceparent: undefined },
  },
  {
    name: 'nothing to inject: the service is told nothing new',
    propagation: settlePropagation({ ...everything, extract: ['w3c'] }, 'b3'),
    came: { traceparent: `00-${long}-${parent}-01` },
    goes: { traceparent: `00-${long}-${parent}-01`, 'x-b3-traceid': undefined },
  },
  {
    name: 'baggage changes its names with the format',
    propagation: settlePropagation({ ...everything, extract: ['jaeger'], inject: ['ot'] }, 'b3'),
    came: { 'uber-trace-id': `${long}:${parent}:0:1`, 'uberctx-user': 'ada%20l' },
    goes: { 'ot-baggage-user': 'ada%20l', 'ot-tracer-traceid': long },
  },
]

describe('hands on', () => {
  for (const { name, propagation, came, goes } of settled) {
    test(name, () => {
      const { headers } = handOn(came, propagation)
      for (const [field, value] of Object.entries(goes)) assert.equal(headers[field], value, field)
    })
  }

  test('and tells loggers the id in each format', () => {
    const propagation = settlePropagation({ ...everything, inject: ['w3c', 'datadog'] }, 'b3')
    assert.deepEqual(traceIdOf(handOn({}, propagation).exchange), {
      w3c: long,
      datadog: decimal(long.slice(16)),
    })
  })
})

test('the share of sampled traces is the rate', () => {
  const ids = Array.from({ length: 20_000 }, () => newTraceId())
  const share = ids.filter((id) => isSampled(id, 0.25)).length / ids.length
  assert.ok(Math.abs(share - 0.25) < 0.03, String(share))
  assert.ok(ids.every((id) => isSampled(id, 1) && !isSampled(id, 0)))
  assert.equal(new Set(ids).size, ids.length)
})
