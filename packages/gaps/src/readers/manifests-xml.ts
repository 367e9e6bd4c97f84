import { Parser } from 'htmlparser2'
import {
  dependencyCountMax,
  noScripts,
  type Dependencies,
  type Manifest,
} from './manifests-places.ts'

type Read = (file: string, text: string) => Manifest | undefined

/** Folders of tags below each other that are followed. */
const depthMax = 64

export const readMaven: Read = (file, text) => {
  const dependencies: Dependencies = new Map()
  let name: string | undefined
  let open: { artifact?: string; version?: string; line: number } | undefined
  walkXml(text, {
    opens: (path, line) => {
      if (path.endsWith('/dependency') && !path.includes('/exclusions/')) open = { line }
    },
    text: (path, value) => {
      if (path === 'project/artifactId') name ??= value
      if (open === undefined) return
      if (path.endsWith('/dependency/artifactId')) open.artifact = value
      if (path.endsWith('/dependency/version')) open.version = value
    },
    closes: (path) => {
      if (!path.endsWith('/dependency') || open?.artifact === undefined) return
      const isManaged = path.includes('dependencyManagement/')
      if (!isManaged && dependencies.size < dependencyCountMax) {
        const { artifact, version, line } = open
        dependencies.set(artifact, { file, line, column: 1, version })
      }
      open = undefined
    },
  })
  return { kind: 'maven', name, dependencies, scripts: noScripts }
}

export const readDotnet: Read = (file, text) => {
  const dependencies: Dependencies = new Map()
  walkXml(text, {
    opens: (path, line, attributes) => {
      if (!path.endsWith('/PackageReference') || dependencies.size >= dependencyCountMax) return
      const include = attributes['Include']
      if (include === undefined) return
      dependencies.set(include, { file, line, column: 1, version: attributes['Version'] })
    },
  })
  const name = file.slice(file.lastIndexOf('/') + 1).replace(/\.\w+$/, '')
  return { kind: 'dotnet', name, dependencies, scripts: noScripts }
}

type Visitor = {
  opens?: (path: string, line: number, attributes: Readonly<Record<string, string>>) => void
  text?: (path: string, value: string) => void
  closes?: (path: string) => void
}

/** Tells of each tag with the names above it, `project/dependencies/dependency`. */
const walkXml = (xml: string, { opens, text, closes }: Visitor): void => {
  const names: string[] = []
  let line = 1
  let counted = 0
  let value = ''
  const lineAt = (index: number) => {
    for (; counted < index; counted += 1) if (xml.charCodeAt(counted) === 10) line += 1
    return line
  }
  const parser = new Parser(
    {
      onopentag: (name, attributes) => {
        names.push(name)
        value = ''
        if (names.length <= depthMax) {
          opens?.(names.join('/'), lineAt(parser.startIndex), attributes)
        }
      },
      ontext: (part) => {
        if (value.length < 1000) value += part
      },
      onclosetag: () => {
        if (names.length <= depthMax) {
          const path = names.join('/')
          if (value.trim() !== '') text?.(path, value.trim())
          closes?.(path)
        }
        names.pop()
        value = ''
      },
    },
    { xmlMode: true },
  )
  parser.end(xml)
}
