import type { PluginTable } from '../plugins/index.ts'
import { noteReads } from './asked-environment.ts'
import { buildConfig } from './build.ts'
import { type Checked, checkedOf } from './checked.ts'
import { readEntities, type ReadEntities } from './read-entities.ts'
import { createFindings, type Fault, type Finding, type Findings, type Note } from './faults.ts'
import { readHeader } from './header.ts'
import { emptyGatewayConfig, type GatewayConfig } from './model.ts'
import { isRecord } from './schema/shape.ts'
import { createLineIndex } from './source/positions.ts'
import { parseSource } from './source/source.ts'
import { renderTemplates, type RenderedText } from './source/templates.ts'

export type { Fault, Note } from './faults.ts'
export type { PluginTable } from '../plugins/index.ts'

/** With faults, `config` is empty: a file counts as a whole or not at all. */
export type ReadGatewayConfig = {
  config: GatewayConfig
  /** All at once, at most 100. */
  faults: Fault[]
  notes: Note[]
  /** Names of the variables that the file refers to. */
  variables: string[]
  /** Of a file with faults; null where nothing could be looked at, or not everything is told. */
  checked: Checked | null
}

/** In bytes of UTF-16, which is what a text of JavaScript is measured in. */
export const sourceLengthMax = 64 * 1024 * 1024

/**
 * Reads one of Kong's declarative files (`_format_version` 1.1, 2.1 and 3.0, YAML or JSON).
 * `environment` is what templates and vaults read; `plugins` are those that can be configured.
 */
export const readGatewayConfig = (
  source: { text: string; file: string },
  { environment, plugins }: { environment: Readonly<Record<string, string>>; plugins: PluginTable },
): ReadGatewayConfig => {
  const { text, file } = source
  const noted = noteReads(environment)
  const options = { environment: noted.environment, plugins }
  const refuse = (faults: Fault[], checked: Checked | null = null): ReadGatewayConfig => ({
    config: emptyGatewayConfig,
    faults,
    notes: [],
    variables: [],
    checked,
  })
  const plainFault = (offset: number, message: string, hint?: string): Fault => ({
    ...{ file, ...createLineIndex(text)(offset), entity: '', message, hint: hint ?? null },
    feature: null,
  })
  if (text.length > sourceLengthMax) {
    return refuse([plainFault(0, 'The file is larger than 64 MB.')])
  }
  const rendered = renderTemplates(text, options.environment)
  if (rendered.faults.length > 0) {
    return refuse(
      rendered.faults.map((one) => plainFault(one.offset, one.message, one.hint || undefined)),
    )
  }
  const parsed = parseSource(rendered.text)
  if ('errors' in parsed) {
    return refuse(
      parsed.errors
        .slice(0, 100)
        .map(({ offset, message }) =>
          plainFault(rendered.writtenOffset(offset), mask(message, new Set(rendered.values))),
        ),
    )
  }
  if (!isRecord(parsed.value)) {
    const hint = 'It begins with _format_version: "3.0" and has services, routes and so on.'
    return refuse([plainFault(0, 'The file is no map of fields.', hint)])
  }
  const findings = createFindings()
  const { config, notes, secrets, entities } = readRoot(parsed.value, options, file, findings)
  if (findings.list.length === 0) {
    return { config, faults: [], notes, variables: noted.read(), checked: null }
  }
  const hidden = new Set([...rendered.values, ...secrets])
  const faults = placeFindings(findings.list, source, rendered, parsed.positions(), hidden)
  const checked = checkedOf(entities, findings.list, (text) => mask(text, hidden))
  return refuse(faults, checked)
}

const readRoot = (
  root: Readonly<Record<string, unknown>>,
  options: Parameters<typeof readEntities>[2],
  file: string,
  findings: Findings,
): Pick<ReadGatewayConfig, 'config' | 'notes'> & Pick<ReadEntities, 'secrets' | 'entities'> => {
  const header = readHeader(root, findings)
  const read = readEntities(root, header, options, findings)
  const isUsable = findings.list.length === 0
  const config = isUsable ? buildConfig(read.entities, read.references) : emptyGatewayConfig
  const { entities, secrets } = read
  return { config, notes: read.notes.map((note) => ({ file, ...note })), secrets, entities }
}

/** In the order of the file. */
const placeFindings = (
  findings: readonly Finding[],
  { text, file }: { text: string; file: string },
  rendered: RenderedText,
  positions: { offsetOf(path: Finding['path'], atKey?: boolean): number },
  hidden: ReadonlySet<string>,
): Fault[] => {
  const placeOf = createLineIndex(text)
  return findings
    .map((finding) => ({
      finding,
      offset: rendered.writtenOffset(positions.offsetOf(finding.path, finding.atKey)),
    }))
    .sort((a, b) => a.offset - b.offset)
    .map(({ finding, offset }) => ({
      file,
      ...placeOf(offset),
      entity: mask(finding.entity, hidden),
      message: mask(finding.message, hidden),
      hint: finding.hint === undefined ? null : mask(finding.hint, hidden),
      feature: finding.feature ?? null,
    }))
}

/** Shorter ones are in every other sentence. */
const secretLengthMin = 4

/** Takes out of a sentence what came from the environment. */
const mask = (sentence: string, hidden: ReadonlySet<string>): string => {
  let masked = sentence
  for (const value of hidden) {
    if (value.length >= secretLengthMin) masked = masked.replaceAll(value, '***')
  }
  return masked
}
