import type { ManifestEvidence } from '../systems/system.ts'
import { readCargo, readComposer, readNpm, readPipfile, readPyproject } from './manifests-data.ts'
import type { Manifest } from './manifests-places.ts'
import { readGemfile, readGoModule, readGradle, readRequirements } from './manifests-text.ts'
import { readDotnet, readMaven } from './manifests-xml.ts'
import type { Reader } from './reader.ts'

type Read = (file: string, text: string) => Manifest | undefined

const byName: ReadonlyMap<string, Read> = new Map([
  ['package.json', readNpm],
  ['composer.json', readComposer],
  ['pyproject.toml', readPyproject],
  ['Pipfile', readPipfile],
  ['Cargo.toml', readCargo],
  ['go.mod', readGoModule],
  ['pom.xml', readMaven],
  ['build.gradle', readGradle],
  ['build.gradle.kts', readGradle],
  ['Gemfile', readGemfile],
])

const readerOf = (path: string): Read | undefined => {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const found = byName.get(name)
  if (found !== undefined) return found
  if (/^requirements[\w.-]*\.txt$/.test(name) || /(?:^|\/)requirements\/[\w.-]+\.txt$/.test(path)) {
    return readRequirements
  }
  return /\.(?:cs|fs|vb)proj$/.test(name) ? readDotnet : undefined
}

/** What a service is made of: its dependencies and scripts, from what its language declares. */
export const manifestReader: Reader = {
  name: 'manifest',
  wants: (path) => readerOf(path) !== undefined,
  read: (file, text) => {
    const found = readerOf(file)?.(file, text)
    return found === undefined
      ? undefined
      : { manifest: { file, ...found } satisfies ManifestEvidence }
  },
}
