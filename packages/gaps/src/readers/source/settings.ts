import type { SourceEvidence } from '../../systems/system.ts'
import type { Place } from '../../place.ts'
import type { Reader } from '../reader.ts'
import type { Found } from './probe.ts'
import { portOf } from './evaluate.ts'
import { readPlaceholders } from './probe-environment.ts'
import { isTestFile } from './languages.ts'

const springFile = /(?:^|\/)(?:application|bootstrap)(?:-[\w-]{1,40})?\.(?:ya?ml|properties)$/
const kestrelFile = /(?:^|\/)appsettings(?:\.\w{1,40})?\.json$/

/** Settings that are a part of the code: Spring's properties, Kestrel's addresses. */
export const settingsReader: Reader = {
  name: 'settings',
  wants: (file) => springFile.test(file) || kestrelFile.test(file),
  read: (file, text) => {
    const found: Found = { reads: [], listens: [], serves: [], contacts: [], metrics: [] }
    if (springFile.test(file)) readSpring(file, text, found)
    else readKestrel(file, text, found)
    const isTest = isTestFile(file) || /[-.](?:test|local|dev|Development)\./i.test(file)
    const language: SourceEvidence['language'] = springFile.test(file) ? 'java' : 'csharp'
    const isEmpty = found.reads.length === 0 && found.listens.length === 0
    return isEmpty ? undefined : { source: { file, language, isTest, ...found } }
  },
}

/** Line by line: placeholders have one form in both formats, and `server.port` is a path of keys. */
const readSpring = (file: string, text: string, found: Found): void => {
  const path: { indent: number; key: string }[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.length > 2000 || /^\s*#/.test(line)) continue
    const at = (column: number): Place => ({ file, line: index + 1, column: column + 1 })
    for (const read of readPlaceholders(line)) {
      const { isOptional: _, ...rest } = read
      found.reads.push({ ...at(Math.max(line.indexOf(`\${${read.name}`), 0)), ...rest })
    }
    const match = /^(\s*)([\w.-]{1,100})\s*[:=]\s*(.*)$/.exec(line)
    if (match === null) continue
    const [, indent = '', key = '', value = ''] = match
    while ((path.at(-1)?.indent ?? -1) >= indent.length) path.pop()
    path.push({ indent: indent.length, key })
    if (path.map((part) => part.key).join('.') !== 'server.port') continue
    const [read] = readPlaceholders(value)
    const port = portOf(read === undefined ? value.replace(/\s+#.*$|["']/g, '') : read.default)
    if (port !== undefined || read !== undefined) {
      found.listens.push({ ...at(indent.length), port, variable: read?.name ?? 'SERVER_PORT' })
    }
  }
}

const readKestrel = (file: string, text: string, found: Found): void => {
  if (!text.includes('"Kestrel"') && !/"urls"/i.test(text)) return
  for (const [index, line] of text.split('\n').entries()) {
    const match = /^\s*"Urls?"\s*:\s*"https?:\/\/[^/"]{1,200}:(\d{1,5})/i.exec(line.slice(0, 1000))
    if (match === null) continue
    const at = { file, line: index + 1, column: line.indexOf('"') + 1 }
    found.listens.push({ ...at, port: portOf(match[1]), variable: undefined })
  }
}
