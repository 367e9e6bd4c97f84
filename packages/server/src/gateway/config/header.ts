import type { ConfigPath, Findings } from './faults.ts'
import { entityKinds } from './entities.ts'
import { refusedTopLevel } from './refusals.ts'
import { isRecord, unknownField } from './schema/shape.ts'

/** What a file says about itself, and how its entities are to be read. */
export type FileHeader = {
  version: '1.1' | '2.1' | '3.0'
  /** False: passwords are hashes already. */
  transform: boolean
  /** Tags that decK puts on everything. */
  selectTags: readonly string[]
  /** decK's defaults by kind of entity, in the singular. */
  defaults: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** decK's shared configurations of plugins, by name. */
  pluginConfigs: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

const versions = ['1.1', '2.1', '3.0'] as const
const known = [
  ...['_format_version', '_transform', '_comment', '_ignore', '_info', '_workspace', '_konnect'],
  ...['_plugin_configs', ...entityKinds],
]

export const readHeader = (
  root: Readonly<Record<string, unknown>>,
  findings: Findings,
): FileHeader => {
  const fault = (path: ConfigPath, message: string, hint?: string) =>
    findings.add({ path, entity: '', message, ...(hint === undefined ? {} : { hint }) })
  for (const key of Object.keys(root)) {
    const refusal = Object.hasOwn(refusedTopLevel, key) ? refusedTopLevel[key] : undefined
    if (refusal !== undefined) findings.add({ path: [key], entity: '', ...refusal, atKey: true })
    else if (!known.includes(key)) findings.add({ ...unknownField(key, known, []), entity: '' })
  }
  const transform = root['_transform'] ?? true
  if (typeof transform !== 'boolean') fault(['_transform'], '_transform must be true or false.')
  refuseElsewhere(root, findings)
  const info = readInfo(root['_info'], findings)
  return {
    version: readVersion(root, fault),
    transform: transform !== false && info.skipHash !== true,
    selectTags: info.selectTags,
    defaults: info.defaults,
    pluginConfigs: recordsOf(root['_plugin_configs'], ['_plugin_configs'], findings),
  }
}

const readVersion = (
  root: Readonly<Record<string, unknown>>,
  fault: (path: ConfigPath, message: string, hint?: string) => void,
): FileHeader['version'] => {
  const written = root['_format_version']
  const version = versions.find((one) => one === written)
  if (version !== undefined) return version
  const asText = typeof written === 'number' ? written.toFixed(1) : ''
  if (written === undefined) {
    fault([], '_format_version is missing.', 'Begin the file with _format_version: "3.0".')
  } else if (versions.some((one) => one === asText)) {
    fault(['_format_version'], '_format_version is a number.', `Write it in quotes: "${asText}".`)
  } else {
    fault(['_format_version'], '_format_version must be "1.1", "2.1" or "3.0".')
  }
  return '3.0'
}

/** Files for a workspace or a Konnect control plane. */
const refuseElsewhere = (root: Readonly<Record<string, unknown>>, findings: Findings): void => {
  const workspace = root['_workspace'] ?? 'default'
  if (workspace !== 'default') {
    findings.add({
      path: ['_workspace'],
      entity: '',
      feature: 'workspaces',
      message: 'Workspaces are a feature of Kong Enterprise.',
      hint: 'A stack of its own does the same: take _workspace out.',
    })
  }
  if (root['_konnect'] === undefined || root['_konnect'] === null) return
  findings.add({
    path: ['_konnect'],
    entity: '',
    feature: 'Konnect',
    message: 'Control planes of Konnect are a service of Kong.',
    hint: 'Take _konnect out to use the file here.',
    atKey: true,
  })
}

type Info = Pick<FileHeader, 'selectTags' | 'defaults'> & { skipHash: boolean | undefined }

const infoFields = [
  ...['select_tags', 'defaults', 'default_lookup_tags', 'skip_hash_for_basic_auth'],
  ...['consumer_group_policy_overrides', 'include_plugin_definitions'],
]

/** decK's own section: https://developer.konghq.com/deck/ */
const readInfo = (info: unknown, findings: Findings): Info => {
  const nothing: Info = { selectTags: [], defaults: {}, skipHash: undefined }
  if (info === undefined || info === null) return nothing
  if (!isRecord(info)) {
    findings.add({ path: ['_info'], entity: '', message: '_info must be a map.' })
    return nothing
  }
  for (const key of Object.keys(info)) {
    if (!infoFields.includes(key)) {
      findings.add({ ...unknownField(key, infoFields, ['_info']), entity: '' })
    }
  }
  refuseInfo(info, findings)
  const tags: unknown = info['select_tags'] ?? []
  const isTags = Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')
  if (!isTags) {
    const path = ['_info', 'select_tags']
    findings.add({ path, entity: '', message: 'select_tags must be a list of texts.' })
  }
  return {
    selectTags: isTags ? tags : [],
    defaults: recordsOf(info['defaults'], ['_info', 'defaults'], findings),
    skipHash: info['skip_hash_for_basic_auth'] === true,
  }
}

const refuseInfo = (info: Readonly<Record<string, unknown>>, findings: Findings): void => {
  const refused = [
    { key: 'consumer_group_policy_overrides', feature: 'consumer groups' },
    { key: 'include_plugin_definitions', feature: 'custom plugins in files' },
  ]
  for (const { key, feature } of refused) {
    if (info[key] !== true) continue
    const message = `${key} belongs to ${feature}, which are a feature of Kong Enterprise.`
    findings.add({ path: ['_info', key], entity: '', feature, message, atKey: true })
  }
  if (info['default_lookup_tags'] === undefined || info['default_lookup_tags'] === null) return
  findings.add({
    path: ['_info', 'default_lookup_tags'],
    entity: '',
    feature: 'entities outside of the file (default_lookup_tags)',
    message: 'default_lookup_tags refers to entities in a database of Kong.',
    hint: 'A file is the whole configuration here: write those entities into it.',
    atKey: true,
  })
}

const recordsOf = (
  value: unknown,
  path: ConfigPath,
  findings: Findings,
): Readonly<Record<string, Readonly<Record<string, unknown>>>> => {
  if (value === undefined || value === null) return {}
  if (isRecord(value) && Object.values(value).every(isRecord)) {
    return value as Record<string, Record<string, unknown>>
  }
  findings.add({ path, entity: '', message: `${path.at(-1)} must be a map of maps.` })
  return {}
}
