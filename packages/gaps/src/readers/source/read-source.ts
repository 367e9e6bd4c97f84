import type { Node } from '@vscode/tree-sitter-wasm'
import type { SourceEvidence } from '../../systems/system.ts'
import type { Reader } from '../reader.ts'
import { withSyntax } from './grammar.ts'
import { isTestFile, languageOf } from './languages.ts'
import { environmentProbes } from './probe-environment.ts'
import { metricProbes } from './probe-metrics.ts'
import { pathProbes } from './probe-paths.ts'
import { portProbes } from './probe-ports.ts'
import { urlProbes } from './probe-urls.ts'
import type { Found, Looking, Probe } from './probe.ts'

const probes: readonly Probe[] = [
  ...environmentProbes,
  ...portProbes,
  ...pathProbes,
  ...urlProbes,
  ...metricProbes,
]

export const sourceLimits = {
  /** Of one file; what is larger is a bundle. */
  fileSizeLimitBytes: 512 * 1024,
  /** Of all files that are parsed, 2 to 5 MB a second; tests have a smaller part of their own. */
  parsedBytesMax: 12 * 1024 * 1024,
  parsedTestBytesMax: 2 * 1024 * 1024,
  /** Words looked at in one file. */
  candidateCountMax: 2000,
}

type Candidate = { probe: Probe; match: RegExpExecArray }

/** A reader for one audit: it counts what it has parsed, and says what it left out. */
export const createSourceReader = (limits = sourceLimits): Reader => {
  const parsed = { source: 0, test: 0 }
  let isToldFull = false
  return {
    name: 'source',
    wants: (file) => languageOf(file) !== undefined,
    read: async (file, text) => {
      const kind = languageOf(file)
      if (kind === undefined) return undefined
      if (text.length > limits.fileSizeLimitBytes) {
        return {
          notes: [
            { file, why: `source of more than ${limits.fileSizeLimitBytes} bytes, not read` },
          ],
        }
      }
      const { language, grammar } = kind
      const candidates = findCandidates(text, language, limits.candidateCountMax)
      const found: Found = { reads: [], listens: [], serves: [], contacts: [], metrics: [] }
      const isTest = isTestFile(file)
      const sourceOf = (): SourceEvidence => ({ file, language, isTest, ...found })
      if (candidates.length === 0) return { source: sourceOf() }
      const share = isTest ? 'test' : 'source'
      const bytesMax = isTest ? limits.parsedTestBytesMax : limits.parsedBytesMax
      if (parsed[share] + text.length > bytesMax) {
        if (isTest || isToldFull) return undefined
        isToldFull = true
        const why = `more than ${bytesMax} bytes of source; this and later files are not read`
        return { notes: [{ file, why }] }
      }
      parsed[share] += text.length
      const looking: Looking = { file, text, language, found }
      const looked = await withSyntax(grammar, text, (root) => look(root, candidates, looking))
      return looked !== true
        ? { notes: [{ file, why: 'source takes too long to parse, not read' }] }
        : { source: sourceOf() }
    },
  }
}

const findCandidates = (
  text: string,
  language: SourceEvidence['language'],
  countMax: number,
): Candidate[] => {
  const found: Candidate[] = []
  for (const probe of probes) {
    if (!probe.languages.includes(language)) continue
    for (const match of text.matchAll(probe.word)) {
      if (found.length >= countMax) return found
      if (probe.skips?.(text, match) === true) continue
      found.push({ probe, match })
    }
  }
  return found
}

/** Of one file: in a text that is no program the parents of a word are looked for among thousands. */
const lookTimeLimitMs = 2000

const look = (root: Node, candidates: readonly Candidate[], looking: Looking): boolean => {
  const end = performance.now() + lookTimeLimitMs
  for (const { probe, match } of candidates) {
    if (performance.now() > end) return false
    const last = match.index + match[0].length - 1
    const node = root.descendantForIndex(last, last)
    if (node !== null) probe.look(node, looking, match)
  }
  const { found } = looking
  // Two probes may see one reading: an own helper that is also a known function.
  found.reads = unique(found.reads, ({ name, line, column }) => `${name}:${line}:${column}`)
  found.serves = unique(found.serves, ({ path, line, column }) => `${path}:${line}:${column}`)
  found.listens = unique(found.listens, ({ port, line, column }) => `${port}:${line}:${column}`)
  return true
}

const unique = <T>(list: readonly T[], keyOf: (item: T) => string): T[] => [
  ...new Map(list.map((item) => [keyOf(item), item] as const)).values(),
]
