import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

/**
 * Measures what a browser loads for the first page, from the manifest of the build, and fails above
 * the budget. Usage: node packages/web/scripts/size.ts, after vite build.
 */

const budgetKb = 260
const firstRoute = 'src/overview/overview-page.tsx'

type Chunk = {
  file: string
  css?: string[]
  imports?: string[]
  dynamicImports?: string[]
  isEntry?: boolean
  isDynamicEntry?: boolean
}
type Manifest = Record<string, Chunk>

const dist = new URL('../dist/', import.meta.url)
const read = (path: string): Buffer => readFileSync(new URL(path, dist))
const manifest = JSON.parse(read('.vite/manifest.json').toString()) as Manifest

/** Files of a chunk and of everything it imports before it can run. */
const filesOf = (name: string, seen = new Set<string>()): Set<string> => {
  const chunk = manifest[name]
  if (chunk === undefined || seen.has(chunk.file)) return seen
  seen.add(chunk.file)
  for (const css of chunk.css ?? []) seen.add(css)
  for (const imported of chunk.imports ?? []) filesOf(imported, seen)
  return seen
}

const sizeKb = (files: Iterable<string>): number => {
  let bytes = 0
  for (const file of files) bytes += gzipSync(read(file), { level: 9 }).length
  return bytes / 1000
}

const shell = filesOf('index.html')
const page = read('index.html').toString()
/** Files that only the page names: the script of the colour scheme and the icon. */
const named = [...page.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, file = '']) => file)
const first = new Set([...shell, ...filesOf(firstRoute), ...named, 'index.html'])
const totalKb = sizeKb(first)

console.log(`shell                ${sizeKb(shell).toFixed(1)} kB gzip`)
console.log(`shell + first route  ${totalKb.toFixed(1)} kB gzip, of ${budgetKb} kB`)
for (const [name, chunk] of Object.entries(manifest)) {
  if (chunk.isDynamicEntry !== true) continue
  const own = filesOf(name).difference(shell)
  console.log(`  + ${name.padEnd(36)} ${sizeKb(own).toFixed(1)} kB`)
}

if (!shell.has(manifest['index.html']?.file ?? '') || manifest[firstRoute] === undefined) {
  console.error(`The manifest does not name index.html and ${firstRoute}`)
  process.exit(1)
}
if (totalKb > budgetKb) {
  console.error(`The first page is ${(totalKb - budgetKb).toFixed(1)} kB above its budget`)
  process.exit(1)
}
