import type { CollectorEvidence } from '../systems/system.ts'
import { fillIn, readAddress, type Lookup } from './address.ts'

const lineLengthMax = 2000

/** Is it Fluentd's form (`<source>`, `<match>`) or Fluent Bit's (`[INPUT]`, `[OUTPUT]`)? */
export const isFluentConfig = (text: string): boolean =>
  /^[ \t]*(?:<(?:source|match)\b|\[(?:INPUT|OUTPUT)\])/im.test(text)

/** Fluentd and Fluent Bit: what they take in and where they pass it on. */
export const readFluentConfig = (file: string, text: string, lookup: Lookup): CollectorEvidence => {
  const blocks: Block[] = []
  let current: Block | undefined
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.slice(0, lineLengthMax).trim()
    if (line === '' || line.startsWith('#')) continue
    const opened = /^(?:<(source|match|store|server)\b[^>]*>|\[(input|output|service|filter)\])$/i
    const kind = opened
      .exec(line)
      ?.slice(1)
      .find((name) => name !== undefined)
      ?.toLowerCase()
    if (kind !== undefined) {
      current = { kind, line: index + 1, settings: new Map() }
      blocks.push(current)
      continue
    }
    if (/^<\/(?:source|match|store)>$/.test(line)) current = undefined
    const [, key = '', value = ''] = /^@?([\w.]+)\s+(.*)$/.exec(line) ?? []
    if (key !== '')
      current?.settings.set(key.toLowerCase(), fillIn(value.replace(/^"|"$/g, ''), lookup))
  }
  const place = ({ line }: Block) => ({ file, line, column: 1 })
  return {
    ...{ file, line: 1, column: 1, kind: 'fluentd', by: undefined },
    receives: blocks.filter(isInput).map((block) => ({
      ...{ ...place(block), name: nameOf(block), port: readPort(block.settings.get('port')) },
    })),
    exports: blocks.filter(isOutput).map((block) => {
      const host = readAddress(block.settings.get('host') ?? '')?.host
      const port = readPort(block.settings.get('port'))
      return { ...place(block), name: nameOf(block), host, port, isUsed: true }
    }),
  }
}

type Block = { kind: string; line: number; settings: Map<string, string> }

const isInput = ({ kind }: Block) => kind === 'source' || kind === 'input'
const isOutput = ({ kind, settings }: Block) =>
  ['match', 'store', 'server', 'output'].includes(kind) && settings.has('host')
const nameOf = ({ settings, kind }: Block) => settings.get('type') ?? settings.get('name') ?? kind

const readPort = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : undefined
