import {
  ack,
  endHeaders,
  endStream,
  fieldBlock,
  frame,
  padded,
  settings,
  types,
  uint32,
} from './frames.ts'

/**
 * What a server has to do about frames that break the protocol: the ideas of summerwind/h2spec (MIT), by
 * section of RFC 9113, for machines without it.
 */
export type FrameCase = {
  section: string
  why: string
  said: readonly Buffer[]
  /** Any of these is right; `closed` is for every error of a connection (5.4.1). */
  right: readonly string[]
  answers?: number
}

type Fields = readonly (readonly [string, string])[]

export const request: Fields = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'h'],
]
export const post: Fields = [[':method', 'POST'], ...request.slice(1)]

export const headers = (
  stream: number,
  fields: Fields = request,
  flags: number = endHeaders | endStream,
): Buffer => frame(types.headers, flags, stream, fieldBlock(fields))

const open = endHeaders
export const data = (stream: number, text: string, flags = 0): Buffer =>
  frame(types.data, flags, stream, Buffer.from(text))
const reset = (stream: number): Buffer => frame(types.rstStream, 0, stream, uint32(8))
const block = fieldBlock(request)

const connection = (code: string): string[] => [`GOAWAY ${code}`, 'closed']
const streamOr = (code: string): string[] => [`RST_STREAM ${code}`, ...connection(code)]
const malformed = [...streamOr('PROTOCOL_ERROR'), 'status 400']

export const frameCases: readonly FrameCase[] = [
  {
    section: '4.1',
    why: 'a frame of an unknown type is ignored',
    said: [frame(0x16, 0, 0, Buffer.alloc(8)), headers(1)],
    right: ['status 200'],
    answers: 1,
  },
  {
    section: '4.1',
    why: 'flags that are not known are ignored',
    said: [frame(types.ping, 0x16, 0, Buffer.alloc(8))],
    right: ['ping', ...connection('PROTOCOL_ERROR')],
  },
  {
    section: '4.2',
    why: 'a DATA frame larger than was allowed',
    said: [headers(1, post, open), frame(types.data, endStream, 1, Buffer.alloc(16_385))],
    right: streamOr('FRAME_SIZE_ERROR'),
  },
  {
    section: '4.2',
    why: 'a HEADERS frame larger than was allowed',
    said: [frame(types.headers, endHeaders | endStream, 1, Buffer.alloc(16_385))],
    right: connection('FRAME_SIZE_ERROR'),
  },
  {
    section: '4.3',
    why: 'a field block that cannot be decoded',
    said: [frame(types.headers, endHeaders | endStream, 1, Buffer.from([0x80]))],
    right: connection('COMPRESSION_ERROR'),
  },
  {
    section: '4.3',
    why: 'another frame between HEADERS and CONTINUATION',
    said: [frame(types.headers, endStream, 1, block), frame(types.priority, 0, 1, Buffer.alloc(5))],
    right: connection('PROTOCOL_ERROR'),
  },
  {
    section: '4.3',
    why: 'HEADERS of another stream before CONTINUATION',
    said: [frame(types.headers, endStream, 1, block), headers(3)],
    right: connection('PROTOCOL_ERROR'),
  },
  { section: '5.1', why: 'idle: DATA', said: [data(1, 'x')], right: connection('PROTOCOL_ERROR') },
  {
    section: '5.1',
    why: 'idle: RST_STREAM',
    said: [reset(1)],
    right: connection('PROTOCOL_ERROR'),
  },
  {
    section: '5.1',
    why: 'idle: WINDOW_UPDATE',
    said: [frame(types.windowUpdate, 0, 1, uint32(100))],
    right: connection('PROTOCOL_ERROR'),
  },
  {
    section: '5.1',
    why: 'idle: CONTINUATION',
    said: [frame(types.continuation, endHeaders, 1, block)],
    right: connection('PROTOCOL_ERROR'),
  },
  {
    section: '5.1',
    why: 'half closed: DATA',
    said: [headers(1), data(1, 'x', endStream)],
    right: streamOr('STREAM_CLOSED'),
  },
  {
    section: '5.1',
    why: 'half closed: HEADERS',
    said: [headers(1), headers(1)],
    right: streamOr('STREAM_CLOSED'),
  },
  {
    section: '5.1',
    why: 'closed by RST_STREAM: DATA',
    said: [headers(1, post, open), reset(1), data(1, 'x', endStream)],
    right: streamOr('STREAM_CLOSED'),
  },
  {
    section: '5.1',
    why: 'closed by RST_STREAM: HEADERS',
    said: [headers(1, post, open), reset(1), headers(1)],
    right: streamOr('STREAM_CLOSED'),
  },
  {
    section: '5.1',
    why: 'closed by RST_STREAM: CONTINUATION',
    said: [headers(1, post, open), reset(1), frame(types.continuation, endHeaders, 1, block)],
    right: [...connection('STREAM_CLOSED'), 'GOAWAY PROTOCOL_ERROR'],
  },
  {
    section: '5.1.1',
    why: 'an even stream',
    said: [headers(2)],
    right: connection('PROTOCOL_ERROR'),
  },
  {
    section: '5.1.1',
    why: 'a stream lower than the last',
    said: [headers(5, post, open), headers(3)],
    right: connection('PROTOCOL_ERROR'),
  },
  {
    section: '5.1.2',
    why: 'one stream more than is allowed',
    said: Array.from({ length: 300 }, (_, at) => headers(2 * at + 1, post, open)),
    // A server that allows more than that has nothing against it.
    right: ['RST_STREAM REFUSED_STREAM', ...streamOr('PROTOCOL_ERROR')],
  },
  {
    section: '5.4.1',
    why: 'what is in error is told, and the connection ends',
    said: [frame(types.ping, 0, 3, Buffer.alloc(8))],
    right: connection('PROTOCOL_ERROR'),
  },
  {
    section: '6.1',
    why: 'DATA on stream 0',
    said: [data(0, 'x')],
    right: connection('PROTOCOL_ERROR'),
  },
  {
    section: '6.1',
    why: 'DATA with more padding than payload',
    said: [
      headers(1, post, open),
      frame(types.data, endStream | padded, 1, Buffer.from([6, 1, 2, 3])),
    ],
    right: connection('PROTOCOL_ERROR'),
  },
  {
    section: '6.2',
    why: 'HEADERS on stream 0',
    said: [headers(0)],
    right: connection('PROTOCOL_ERROR'),
  },
  {
    section: '6.2',
    why: 'HEADERS with more padding than payload',
    said: [
      frame(
        types.headers,
        endHeaders | endStream | padded,
        1,
        Buffer.concat([Buffer.from([255]), block]),
      ),
    ],
    right: connection('PROTOCOL_ERROR'),
  },
  {
    section: '6.3',
    why: 'PRIORITY of another length',
    said: [frame(types.priority, 0, 1, Buffer.alloc(4))],
    right: streamOr('FRAME_SIZE_ERROR'),
  },
  {
    section: '6.4',
    why: 'RST_STREAM on stream 0',
    said: [reset(0)],
    right: connection('PROTOCOL_ERROR'),
  },
  {
    section: '6.4',
    why: 'RST_STREAM of another length',
    said: [headers(1, post, open), frame(types.rstStream, 0, 1, Buffer.alloc(3))],
    right: connection('FRAME_SIZE_ERROR'),
  },
  {
    section: '6.5',
    why: 'an acknowledgement of SETTINGS with a payload',
    said: [frame(types.settings, ack, 0, Buffer.alloc(6))],
    right: connection('FRAME_SIZE_ERROR'),
  },
  {
    section: '6.5',
    why: 'SETTINGS of a stream',
    said: [frame(types.settings, 0, 1)],
    right: connection('PROTOCOL_ERROR'),
  },
  {
    section: '6.5',
    why: 'SETTINGS of a length that is no multiple of 6',
    said: [frame(types.settings, 0, 0, Buffer.alloc(3))],
    right: connection('FRAME_SIZE_ERROR'),
  },
  {
    section: '6.5.2',
    why: 'ENABLE_PUSH of 2',
    said: [settings([2, 2])],
    right: connection('PROTOCOL_ERROR'),
  },
  {
    section: '6.5.2',
    why: 'INITIAL_WINDOW_SIZE past 2^31-1',
    said: [settings([4, 0x80000000])],
    right: connection('FLOW_CONTROL_ERROR'),
  },
  {
    section: '6.5.2',
    why: 'MAX_FRAME_SIZE below 2^14',
    said: [settings([5, 16_383])],
    right: connection('PROTOCOL_ERROR'),
  },
  {
    section: '6.5.2',
    why: 'MAX_FRAME_SIZE past 2^24-1',
    said: [settings([5, 16_777_216])],
    right: connection('PROTOCOL_ERROR'),
  },
  {
    section: '6.6',
    why: 'PUSH_PROMISE of a client',
    said: [frame(types.pushPromise, endHeaders, 1, Buffer.concat([uint32(2), block]))],
    right: connection('PROTOCOL_ERROR'),
  },
  {
    section: '6.7',
    why: 'PING is answered',
    said: [frame(types.ping, 0, 0, Buffer.from('anything'))],
    right: ['ping'],
  },
  {
    section: '6.7',
    why: 'PING of another length',
    said: [frame(types.ping, 0, 0, Buffer.alloc(6))],
    right: connection('FRAME_SIZE_ERROR'),
  },
  {
    section: '6.8',
    why: 'GOAWAY of a stream',
    said: [frame(types.goaway, 0, 1, uint32(0, 0))],
    right: connection('PROTOCOL_ERROR'),
  },
  {
    section: '6.9',
    why: 'WINDOW_UPDATE of 0',
    said: [frame(types.windowUpdate, 0, 0, uint32(0))],
    right: connection('PROTOCOL_ERROR'),
  },
  {
    section: '6.9',
    why: 'WINDOW_UPDATE of 0 on a stream',
    said: [headers(1, post, open), frame(types.windowUpdate, 0, 1, uint32(0))],
    right: streamOr('PROTOCOL_ERROR'),
  },
  {
    section: '6.9',
    why: 'WINDOW_UPDATE of another length',
    said: [frame(types.windowUpdate, 0, 0, Buffer.alloc(3))],
    right: connection('FRAME_SIZE_ERROR'),
  },
  {
    section: '6.9.1',
    why: 'a window of the connection past 2^31-1',
    said: [
      frame(types.windowUpdate, 0, 0, uint32(0x7fffffff)),
      frame(types.windowUpdate, 0, 0, uint32(0x7fffffff)),
    ],
    right: connection('FLOW_CONTROL_ERROR'),
  },
  {
    section: '6.9.1',
    why: 'a window of a stream past 2^31-1',
    said: [
      headers(1, post, open),
      frame(types.windowUpdate, 0, 1, uint32(0x7fffffff)),
      frame(types.windowUpdate, 0, 1, uint32(0x7fffffff)),
    ],
    right: streamOr('FLOW_CONTROL_ERROR'),
  },
  {
    section: '6.10',
    why: 'CONTINUATION in pieces is put together',
    said: [
      frame(types.headers, endStream, 1, block.subarray(0, 7)),
      frame(types.continuation, 0, 1, block.subarray(7, 20)),
      frame(types.continuation, endHeaders, 1, block.subarray(20)),
    ],
    right: ['status 200'],
    answers: 1,
  },
  {
    section: '6.10',
    why: 'CONTINUATION on stream 0',
    said: [
      frame(types.headers, endStream, 1, block),
      frame(types.continuation, endHeaders, 0, block),
    ],
    right: connection('PROTOCOL_ERROR'),
  },
  {
    section: '6.10',
    why: 'CONTINUATION after its end',
    said: [headers(1, post, open), frame(types.continuation, endHeaders, 1, block)],
    right: connection('PROTOCOL_ERROR'),
  },
  ...Object.entries<Fields>({
    'a name in capitals': [...request, ['X-Test', 'a']],
    'a pseudo field that is not known': [...request, [':test', 'a']],
    'a pseudo field of answers': [...request, [':status', '200']],
    'a pseudo field behind others': [...request.slice(0, 3), ['x', 'y'], [':authority', 'h']],
    Connection: [...request, ['connection', 'keep-alive']],
    'Transfer-Encoding': [...request, ['transfer-encoding', 'chunked']],
    'TE of anything but trailers': [...request, ['te', 'trailers, deflate']],
    'an empty path': [
      [':method', 'GET'],
      [':scheme', 'http'],
      [':path', ''],
      [':authority', 'h'],
    ],
    'no method': request.slice(1),
    'no scheme': [...request.slice(0, 1), ...request.slice(2)],
    'no path': [...request.slice(0, 2), ...request.slice(3)],
    'two methods': [[':method', 'GET'], ...request],
    'two schemes': [[':scheme', 'http'], ...request],
    'two paths': [[':path', '/'], ...request],
  }).map(([why, fields]) => ({
    section: '8.1.2',
    why,
    said: [headers(1, fields)],
    right: malformed,
    answers: 1,
  })),
  {
    section: '8.1.1',
    why: 'a length that its DATA does not have',
    said: [headers(1, [...post, ['content-length', '1']], open), data(1, 'test', endStream)],
    right: malformed,
    answers: 1,
  },
  {
    section: '8.1.1',
    why: 'a length that two DATA do not have',
    said: [
      headers(1, [...post, ['content-length', '5']], open),
      data(1, 'test'),
      data(1, 'test', endStream),
    ],
    right: malformed,
    answers: 1,
  },
  {
    section: '8.1',
    why: 'a pseudo field in trailers',
    said: [headers(1, post, open), headers(1, [[':path', '/']])],
    right: malformed,
    answers: 1,
  },
  {
    section: '8.1',
    why: 'a second HEADERS that does not end the stream',
    said: [headers(1, post, open), headers(1, [['x', 'y']], open)],
    right: malformed,
    answers: 1,
  },
]
