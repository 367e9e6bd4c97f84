import { isScalarForm } from './forms.ts'
import type { Form, ScalarForm, StructForm } from './forms.ts'
import { projectForm } from './model-forms.ts'
import type { Project } from './model.ts'
import { isNull } from './node.ts'
import type { MapNode, Node, ScalarNode } from './node.ts'
import { parseBoolean } from './shape.ts'
import { formatDuration, parseBytes, parseDurationMs } from './units.ts'

export type RenderOptions = {
  /** `yaml` keeps `x-*` of every level and leaves out what is empty, as `config` does in YAML. */
  form?: 'json' | 'yaml'
  /** Write `$` as `$$`, so that the result is a compose file again. */
  escapeDollars?: boolean
}

/**
 * The model as `docker compose config --format json` prints it, as plain data with its keys in that
 * order; with `form: 'yaml'` as it prints YAML.
 */
export function canonicalModel(
  { tree }: Pick<Project, 'tree'>,
  { form = 'json', escapeDollars = false }: RenderOptions = {},
): Record<string, unknown> {
  const printed = createPrinter(form).project(tree)
  return escapeDollars ? (doubleDollars(printed) as Record<string, unknown>) : printed
}

function doubleDollars(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$')
  if (Array.isArray(value)) return value.map(doubleDollars)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, doubleDollars(v)]))
}

function createPrinter(format: 'json' | 'yaml') {
  const isJson = format === 'json'

  function project(tree: MapNode): Record<string, unknown> {
    const printed: [string, unknown][] = []
    for (const [key, form] of Object.entries(projectForm.fields)) {
      const value = print(tree.entries.get(key)?.value, form)
      if (value !== undefined) printed.push([key, value])
      else if (key === 'services') printed.push([key, {}])
    }
    printed.push(...extensionsOf(tree))
    // JSON is printed by way of a map, which Go sorts
    return Object.fromEntries(isJson ? printed.sort(byKey) : printed)
  }

  /** Undefined is "not printed". */
  function print(node: Node | undefined, form: Form): unknown {
    if (node === undefined || isNull(node)) return printAbsent(form)
    if (isScalarForm(form)) {
      return node.kind === 'scalar' ? printScalar(node, form.as) : undefined
    }
    switch (form.as) {
      case 'struct':
        return node.kind === 'map' ? printStruct(node, form) : undefined
      case 'record':
        return node.kind === 'map' ? printRecord(node, form) : undefined
      case 'mapping':
        return node.kind === 'map' ? printMapping(node) : undefined
      case 'multi':
        return node.kind === 'map' ? printSorted(node, printTexts) : undefined
      case 'list':
        return node.kind === 'list' && node.items.length > 0
          ? node.items.map((item) => print(item, form.of) ?? {})
          : undefined
      case 'words':
        return node.kind === 'list' ? node.items.map(textOf) : undefined
      case 'texts':
      case 'test':
      case 'hosts':
        return printTexts(node)
      case 'ssh':
        return node.kind === 'map' && node.entries.size > 0 ? printSsh(node) : undefined
      case 'ulimit':
        return node.kind === 'map' ? printUlimit(node) : printUlimitNumber(node)
    }
  }

  function printAbsent(form: Form): unknown {
    if (!isJson || !('always' in form) || !form.always) return undefined
    if (form.as !== 'struct') return null
    return Object.fromEntries(
      Object.entries(form.fields).flatMap(([key, field]) => {
        const value = printAbsent(field)
        return value === undefined ? [] : [[key, value]]
      }),
    )
  }

  function printStruct(node: MapNode, form: StructForm): Record<string, unknown> | undefined {
    const printed: Record<string, unknown> = {}
    for (const key of Object.keys(form.fields)) {
      const field = form.fields[key]
      if (field === undefined) continue
      const value = print(node.entries.get(key)?.value, field)
      if (value !== undefined) printed[(isJson ? form.names?.[key] : undefined) ?? key] = value
    }
    if (!isJson) for (const [key, value] of extensionsOf(node)) printed[key] = value
    const leaveOut = form.always === true && !isJson && Object.keys(printed).length === 0
    return leaveOut ? undefined : printed
  }

  function printRecord(node: MapNode, form: Extract<Form, { as: 'record' }>): unknown {
    const nothing = form.bare === 'null' ? null : (printAbsent(form.of) ?? {})
    return printSorted(node, (value) => {
      if (!isNull(value)) return print(value, form.of) ?? {}
      // a resource that is a struct in Go prints what such a struct always prints
      if (nothing === null || form.of.as !== 'struct') return nothing
      return printStruct({ ...node, entries: new Map() }, form.of) ?? {}
    })
  }

  function extensionsOf(node: MapNode): [string, unknown][] {
    const found: [string, unknown][] = []
    for (const { key, value } of node.entries.values()) {
      if (key.startsWith('x-')) found.push([key, printRaw(value)])
    }
    return found.sort(byKey)
  }

  return { project }
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function printSorted(node: MapNode, print: (value: Node) => unknown): unknown {
  if (node.entries.size === 0) return undefined
  const printed: [string, unknown][] = []
  for (const { key, value } of node.entries.values()) printed.push([key, print(value)])
  return Object.fromEntries(printed.sort(byKey))
}

function printMapping(node: MapNode): unknown {
  return printSorted(node, (value) =>
    value.kind === 'scalar' ? (value.value === null ? null : value.text) : '',
  )
}

function printTexts(node: Node): string[] | undefined {
  if (node.kind !== 'list' || node.items.length === 0) return undefined
  return node.items.map(textOf)
}

function textOf(node: Node): string {
  return node.kind === 'scalar' ? node.text : ''
}

/** Go's own output for a key with a path is not JSON; this is the short form of the file. */
function printSsh(node: MapNode): string[] {
  return [...node.entries.values()].map(({ key, value }) =>
    textOf(value) === '' ? key : `${key}=${textOf(value)}`,
  )
}

function printUlimit(node: MapNode): unknown {
  const part = (key: string) => Number(textOf(node.entries.get(key)?.value ?? node)) || undefined
  const [soft, hard] = [part('soft'), part('hard')]
  return { ...(soft === undefined ? {} : { soft }), ...(hard === undefined ? {} : { hard }) }
}

function printUlimitNumber(node: Node): unknown {
  const number = Number(textOf(node))
  return number === 0 ? {} : number
}

function printRaw(node: Node): unknown {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(printRaw)
  return printSorted(node, printRaw) ?? {}
}

function printScalar(node: ScalarNode, as: ScalarForm['as']): unknown {
  switch (as) {
    case 'text':
      return node.text === '' ? undefined : node.text
    case 'boolean':
      return parseBoolean(node) === true ? true : undefined
    case 'flag':
      return parseBoolean(node) ?? false
    case 'optOut':
      return parseBoolean(node) === false ? false : undefined
    case 'integer':
      return Number(node.text) || undefined
    case 'count':
      return Number(node.text)
    case 'float':
      return shortestFloat(Number(node.text)) || undefined
    case 'bytes':
      return printBytes(node.text)
    case 'delay':
    case 'duration': {
      const ms = parseDurationMs(node.text) ?? 0
      return as === 'delay' && ms === 0 ? undefined : formatDuration(ms)
    }
    case 'mode':
      return `0${modeOf(node).toString(8)}`
    case 'deviceCount':
      return /^all$/i.test(node.text) ? -1 : Number(node.text) || undefined
  }
}

function printBytes(text: string): string | undefined {
  const bytes = /^-?\d+$/.test(text) ? Number(text) : (parseBytes(text) ?? 0)
  return bytes === 0 ? undefined : String(bytes)
}

/** A text is read as octal, as `chmod` would; a number is what YAML made of it. */
export function modeOf(node: ScalarNode): number {
  return typeof node.value === 'number' ? node.value : Number.parseInt(node.text, 8) || 0
}

/** Go keeps these numbers in 32 bits and prints as few digits as tell them apart. */
function shortestFloat(number: number): number {
  const rounded = Math.fround(number)
  for (let digits = 1; digits <= 9; digits++) {
    const shorter = Number(rounded.toPrecision(digits))
    if (Math.fround(shorter) === rounded) return shorter
  }
  return rounded
}
