/** One thing that a client may say, and the statuses it hears, whatever is behind the gateway. */
export type Shape = {
  why: string
  /** `<id>` stands for the number of the speech. */
  text: string
  statuses: readonly number[]
}

const inner = 'GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n'
const get = (fields = ''): string => `GET /<id>/ HTTP/1.1\r\nHost: h\r\n${fields}\r\n`
const post = (fields: string, body: string): string =>
  `POST /<id>/ HTTP/1.1\r\nHost: h\r\n${fields}\r\n${body}`
const chunked = 'Transfer-Encoding: chunked\r\n'
const length = (value: string | number): string => `Content-Length: ${value}\r\n`

/** 400, and the connection ends: the request behind it is never read. */
const refused = (group: string, all: Readonly<Record<string, string>>): Shape[] =>
  Object.entries(all).map(([why, text]) => ({ why: `${group}: ${why}`, text, statuses: [400] }))

/** Served, and so is the request behind it. */
const served = (group: string, all: Readonly<Record<string, string>>): Shape[] =>
  Object.entries(all).map(([why, text]) => ({
    why: `${group}: ${why}`,
    text,
    statuses: [200, 200],
  }))

/** The request is complete and served; the bytes behind it are none. */
const servedAlone = (group: string, all: Readonly<Record<string, string>>): Shape[] =>
  Object.entries(all).map(([why, text]) => ({
    why: `${group}: ${why}`,
    text,
    statuses: [200, 400],
  }))

const hidden = (fields: string): string => post(fields, `0\r\n\r\n${inner}`)

/** The corpus of our own, by what is played with (RFC 9112 2.2, 3, 5, 6, 7 and 9.3). */
export const shapes: readonly Shape[] = [
  ...refused('lines', {
    'a folded field': get('X: a\r\n b\r\n'),
    'a folded field with a tab': get('X: a\r\n\tb\r\n'),
    'a fold before the first field': `GET /<id>/ HTTP/1.1\r\n Host: h\r\n\r\n`,
    'a folded Transfer-Encoding': hidden(`${length(40)}Transfer-Encoding:\r\n chunked\r\n`),
    'bare line feeds': `GET /<id>/ HTTP/1.1\nHost: h\n\n`,
    'a bare line feed between fields': get(`X: a\n${length(36)}`),
    'a bare line feed at the end of the head': `POST /<id>/ HTTP/1.1\r\nHost: h\r\n${length(5)}\nhello`,
    'a bare carriage return in a value': get('X: a\rb\r\n'),
    'a bare carriage return between fields': get(`X: a\r${length(36)}`),
    'a carriage return before the end': get('X: a\r\r\n'),
    'NUL in a value': get('X: a\0b\r\n'),
    'NUL in a name': get('X\0: a\r\n'),
    'NUL in the target': 'GET /<id>/\0 HTTP/1.1\r\nHost: h\r\n\r\n',
    'a control character in a value': get('X: a\x01b\r\n'),
    'DEL in a value': get('X: a\x7fb\r\n'),
    'a field without a colon': get('X\r\n'),
    'a field without a name': get(': a\r\n'),
    'a blank in a name': get('X Y: a\r\n'),
    'a blank before the colon': get('X : a\r\n'),
    'a letter past ASCII in a name': get('X\xe9: a\r\n'),
  }),
  ...refused('request line', {
    'a tab': 'GET\t/<id>/\tHTTP/1.1\r\nHost: h\r\n\r\n',
    'a blank in the target': 'GET /<id>/ x HTTP/1.1\r\nHost: h\r\n\r\n',
    'a request in the target': 'GET /<id>/ HTTP/1.1 /x HTTP/1.1\r\nHost: h\r\n\r\n',
    'no version': 'GET /<id>/\r\nHost: h\r\n\r\n',
    'HTTP/0.9': 'GET /<id>/\r\n\r\n',
    'HTTP/2.0': 'GET /<id>/ HTTP/2.0\r\nHost: h\r\n\r\n',
    'HTTP/1.2': 'GET /<id>/ HTTP/1.2\r\nHost: h\r\n\r\n',
    'HTTP/1.10': 'GET /<id>/ HTTP/1.10\r\nHost: h\r\n\r\n',
    'a lower-case version': 'GET /<id>/ http/1.1\r\nHost: h\r\n\r\n',
    'a lower-case method': 'get /<id>/ HTTP/1.1\r\nHost: h\r\n\r\n',
    'a blank before the method': ' GET /<id>/ HTTP/1.1\r\nHost: h\r\n\r\n',
    'a version before the target': 'GET HTTP/1.1 /<id>/\r\nHost: h\r\n\r\n',
  }),
  ...refused('length', {
    'two that differ': post(length(0) + length(inner.length), inner),
    'two that agree': post(length(5) + length(5), 'hello'),
    'a list that agrees': post(length('5, 5'), 'hello'),
    'a list that differs': post(length(`0, ${inner.length}`), inner),
    'with a plus': post(length('+5'), 'hello'),
    'with a minus': post(length('-5'), 'hello'),
    'minus nothing': post(length('-0'), 'hello'),
    'in hex': post(length('0x5'), 'hello'),
    'with a fraction': post(length('5.0'), 'hello'),
    'with an exponent': post(length('5e0'), 'hello'),
    'with an underscore': post(length('1_0'), 'hello'),
    'with a blank in it': post(length('1 0'), 'hello'),
    'with a vertical tab': post(length('5\x0b'), 'hello'),
    'with a form feed': post(length('\x0c5'), 'hello'),
    'with a semicolon': post(length('5;0'), 'hello'),
    'of nothing': post(length(''), 'hello'),
    'in quotes': post(length('"5"'), 'hello'),
    'in other digits': post(length('\xb2'), 'hello'),
    'past 2^53': post(length('9007199254740993'), 'hello'),
    'past 2^64': post(length('18446744073709551621'), 'hello'),
    folded: post('Content-Length:\r\n 5\r\n', 'hello'),
    'with a blank before the colon': post('Content-Length : 5\r\n', 'hello'),
    'beside chunks': hidden(length(40) + chunked),
    'behind chunks': hidden(chunked + length(40)),
    'of zero beside chunks': hidden(chunked + length(0)),
  }),
  ...served('length', {
    'with zeros before': post(length('005'), 'hello'),
    'with blanks around': post('Content-Length: \t 5 \t\r\n', 'hello'),
    'of zero': post(length(0), ''),
    'none, on POST': post('', ''),
    'on GET, with a request in it': get(length(inner.length)) + inner,
    'on DELETE': `DELETE /<id>/ HTTP/1.1\r\nHost: h\r\n${length(inner.length)}\r\n${inner}`,
    'of a body that looks like chunks': post(length(5), '0\r\n\r\n'),
    'with a request in the body': post(length(inner.length), inner),
    'under a name that is no framing': post(`Content_Length: 0\r\n${length(5)}`, 'hello'),
    'in the options of Connection': post(
      `Connection: content-length\r\n${length(inner.length)}`,
      inner,
    ),
  }),
  ...servedAlone('length', {
    'shorter than the body': post(length(3), 'hello'),
    'none, and a body': get() + 'hello\r\n\r\n',
    'zero, and a body': post(length(0), 'x'),
  }),
  ...refused('coding', {
    identity: hidden('Transfer-Encoding: identity\r\n'),
    unknown: hidden('Transfer-Encoding: x\r\n'),
    'another one under the chunks': hidden('Transfer-Encoding: gzip, chunked\r\n'),
    'chunked, then another one': hidden('Transfer-Encoding: chunked, gzip\r\n'),
    'chunked twice': hidden('Transfer-Encoding: chunked, chunked\r\n'),
    'chunked in two fields': hidden(chunked + chunked),
    'chunked and identity in two fields': hidden(`${chunked}Transfer-Encoding: identity\r\n`),
    'in quotes': hidden('Transfer-Encoding: "chunked"\r\n'),
    'with a parameter': hidden('Transfer-Encoding: chunked;q=1\r\n'),
    'chunked in disguise': hidden('Transfer-Encoding: xchunked\r\n'),
    empty: hidden('Transfer-Encoding:\r\n'),
    'a list with nothing in it': hidden('Transfer-Encoding: ,chunked\r\n'),
    'HTTP/1.0': `POST /<id>/ HTTP/1.0\r\nHost: h\r\n${chunked}\r\n0\r\n\r\n`,
    'HTTP/1.0, with a length': `POST /<id>/ HTTP/1.0\r\nHost: h\r\n${length(5)}${chunked}\r\n0\r\n\r\n`,
  }),
  ...served('coding', {
    chunked: post(chunked, '5\r\nhello\r\n0\r\n\r\n'),
    'in capitals': post('TRANSFER-ENCODING: CHUNKED\r\n', '5\r\nhello\r\n0\r\n\r\n'),
    'on GET': get(chunked) + '0\r\n\r\n',
    'with a request in a chunk': post(
      chunked,
      `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
    ),
    'in the options of Connection': post(
      `Connection: transfer-encoding\r\n${chunked}`,
      `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
    ),
    'in TE, which is no framing': get('TE: chunked\r\nConnection: TE\r\n'),
    'under a name that is no framing': get('Content-Encoding: chunked\r\n'),
    'under a name that CGI takes for it': post(
      `Transfer_Encoding: chunked\r\n${length(5)}`,
      '0\r\n\r\n',
    ),
  }),
  ...refused('chunks', {
    'a size in another notation': post(chunked, '0x5\r\nhello\r\n0\r\n\r\n'),
    'a size with a sign': post(chunked, '+5\r\nhello\r\n0\r\n\r\n'),
    'a negative size': post(chunked, '-1\r\nhello\r\n0\r\n\r\n'),
    'no size': post(chunked, '\r\nhello\r\n0\r\n\r\n'),
    'only an extension': post(chunked, ';x\r\nhello\r\n0\r\n\r\n'),
    'a blank before the size': post(chunked, ' 5\r\nhello\r\n0\r\n\r\n'),
    'a size past 2^32 that wraps to 5': post(chunked, '10000000000000005\r\nhello\r\n0\r\n\r\n'),
    'a size past 2^64': post(chunked, 'fffffffffffffffff\r\nhello\r\n0\r\n\r\n'),
    'data longer than its size': post(chunked, '3\r\nhello\r\n0\r\n\r\n'),
    'no end of the data': post(chunked, '5\r\nhello0\r\n\r\n'),
    'a bare line feed behind the size': post(chunked, '5\nhello\r\n0\r\n\r\n'),
    'a bare line feed behind the data': post(chunked, '5\r\nhello\n0\r\n\r\n'),
    'a bare carriage return behind the size': post(chunked, '5\rhello\r\n0\r\n\r\n'),
    'a bare line feed behind the last one': post(chunked, '0\n\r\n'),
    'a bare line feed in an extension': post(chunked, `5;x\nhello\r\n0\r\n\r\n`),
    'a bare carriage return in an extension': post(chunked, '5;x\ry\r\nhello\r\n0\r\n\r\n'),
    'NUL in an extension': post(chunked, '5;\0\r\nhello\r\n0\r\n\r\n'),
    'NUL behind the size': post(chunked, '5\0\r\nhello\r\n0\r\n\r\n'),
    'a name that is none in a trailer': post(chunked, '0\r\nX y: z\r\n\r\n'),
    'a folded trailer': post(chunked, '0\r\nX: y\r\n z\r\n\r\n'),
    'a trailer that frames': post(chunked, `5\r\nhello\r\n0\r\n${length(36)}\r\n`),
    'a trailer that frames by chunks': post(chunked, `5\r\nhello\r\n0\r\n${chunked}\r\n`),
    'a bare line feed in a trailer': post(chunked, `0\r\nX: y\nZ: z\r\n\r\n`),
  }),
  ...served('chunks', {
    'zeros before the size': post(chunked, '0005\r\nhello\r\n000\r\n\r\n'),
    'capitals in the size': post(chunked, `A\r\nhellohello\r\n0\r\n\r\n`),
    'an extension': post(chunked, '5;x=y\r\nhello\r\n0;z\r\n\r\n'),
    'an extension in quotes': post(chunked, '5;x="\\"0;y"\r\nhello\r\n0\r\n\r\n'),
    'a trailer': post(`${chunked}Trailer: X\r\n`, '5\r\nhello\r\n0\r\nX: y\r\n\r\n'),
    'a trailer that is a request line': post(chunked, '5\r\nhello\r\n0\r\nGET: /smuggled\r\n\r\n'),
  }),
  ...servedAlone('chunks', {
    'nothing, then bytes': post(chunked, '0\r\n\r\nX\r\n\r\n'),
  }),
  ...refused('host', {
    none: 'GET /<id>/ HTTP/1.1\r\n\r\n',
    two: get('Host: i\r\n'),
    'two that agree': get('Host: h\r\n'),
    'with a user': 'GET /<id>/ HTTP/1.1\r\nHost: h@i\r\n\r\n',
    'with a path': 'GET /<id>/ HTTP/1.1\r\nHost: h/i\r\n\r\n',
    'with a blank': 'GET /<id>/ HTTP/1.1\r\nHost: h i\r\n\r\n',
    'with a tab': 'GET /<id>/ HTTP/1.1\r\nHost: h\ti\r\n\r\n',
    'a list': 'GET /<id>/ HTTP/1.1\r\nHost: h, i\r\n\r\n',
    'with a query': 'GET /<id>/ HTTP/1.1\r\nHost: h?i\r\n\r\n',
    'with a fragment': 'GET /<id>/ HTTP/1.1\r\nHost: h#i\r\n\r\n',
    'with a letter past ASCII': 'GET /<id>/ HTTP/1.1\r\nHost: h\xe9\r\n\r\n',
    'a blank before the colon': 'GET /<id>/ HTTP/1.1\r\nHost : h\r\n\r\n',
  }),
  ...served('request line', {
    'two blanks (RFC 9112 3 lets them pass), told on as one':
      'GET  /<id>/ HTTP/1.1\r\nHost: h\r\n\r\n',
  }),
  ...served('host', {
    'with a port that is none, as with nginx': 'GET /<id>/ HTTP/1.1\r\nHost: h:x\r\n\r\n',
    'with a port': 'GET /<id>/ HTTP/1.1\r\nHost: h:8080\r\n\r\n',
    'an IPv6 address': 'GET /<id>/ HTTP/1.1\r\nHost: [::1]:80\r\n\r\n',
    'another than the target says': 'GET http://a/<id>/ HTTP/1.1\r\nHost: b\r\n\r\n',
    'in a field that proxies add': get('X-Forwarded-Host: smuggled\r\n'),
  }),
  ...refused('target', {
    'no path': 'GET <id> HTTP/1.1\r\nHost: h\r\n\r\n',
    'another scheme': 'GET ftp://h/<id>/ HTTP/1.1\r\nHost: h\r\n\r\n',
    'with a user': 'GET http://u@h/<id>/ HTTP/1.1\r\nHost: h\r\n\r\n',
    'an asterisk on GET': 'GET * HTTP/1.1\r\nHost: h\r\n\r\n',
    'with a carriage return': 'GET /<id>/\r HTTP/1.1\r\nHost: h\r\n\r\n',
    'a fragment': 'GET /<id>/#x HTTP/1.1\r\nHost: h\r\n\r\n',
  }),
  ...served('pipelined', {
    'empty lines before': `\r\n${get()}`,
    'empty lines between, behind a body': `${post(length(5), 'hello')}\r\n`,
    'an expectation': post(`Expect: 100-continue\r\n${length(inner.length)}`, inner),
  }),
  ...servedAlone('pipelined', {
    'a head of HTTP/2': `${get()}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`,
    rubbish: `${get()}\x16\x03\x01\r\n\r\n`,
  }),
  // Node drops the bytes behind an Upgrade that nobody takes: what follows must not be read on.
  {
    why: 'pipelined: behind an Upgrade that nobody takes',
    text: get('Connection: Upgrade\r\nUpgrade: x\r\n') + post(length(inner.length), inner),
    statuses: [200],
  },
  {
    why: 'pipelined: behind an Upgrade to h2c',
    text:
      get('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n') +
      inner,
    statuses: [200],
  },
  {
    why: 'pipelined: behind a request that ends the connection',
    text: get('Connection: close\r\n') + inner,
    statuses: [200],
  },
  {
    why: 'pipelined: behind HTTP/1.0',
    text: `GET /<id>/ HTTP/1.0\r\nHost: h\r\n\r\n${inner}`,
    statuses: [200],
  },
  {
    why: 'pipelined: behind HEAD, whose answer has no body',
    text: `HEAD /<id>/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n${inner}`,
    statuses: [200],
  },
]
