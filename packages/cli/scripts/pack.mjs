/**
 * Around `npm pack` and `npm publish`: what is published runs on a machine with nothing but Node 20.19
 * and brings everything it needs, so the workspace's sources become one bundle without dependencies.
 *
 *   build <folder>   the package as it is published, in a folder of its own
 *   prepare          the same here: dist/, the licence, and package.json without dependencies
 *   restore          takes all of it back
 */
import { createRequire } from 'node:module'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const here = fileURLToPath(new URL('..', import.meta.url))
const root = path.resolve(here, '../..')
const manifest = path.join(here, 'package.json')
const original = path.join(here, 'package.json.original')
const require = createRequire(import.meta.url)

/** Grammars of the languages that sources are read in; the others of the package are left out. */
const grammars = ['javascript', 'typescript', 'tsx', 'python', 'java', 'go', 'c-sharp']
const grammarPackage = '@vscode/tree-sitter-wasm'
const grammarEntry = './wasm/tree-sitter.cjs'

/**
 * The grammars' own loader looks for its files beside itself, so it is copied and not bundled. What
 * asks for it by its name is given the copy.
 */
const packedRequire = `
import { createRequire as original } from 'node:module'
export * from 'node:module'
export const createRequire = (from) => {
  const require = original(from)
  const place = (name) => (name === '${grammarPackage}' ? '${grammarEntry}' : name)
  return Object.assign((name) => require(place(name)), {
    resolve: (name) => require.resolve(place(name)),
  })
}
`
/** Commands that need the platform are refused before they are read (src/packed/verbs.ts). */
const isPlatformCommand = (name) => {
  const [, command] = /\/commands\/([\w-]+)\.ts$/.exec(name) ?? []
  return command !== undefined && !/^(?:gaps|config|version|completion)(?:-|$)/.test(command)
}

const packedModules = {
  name: 'packed-modules',
  resolveId: (name, importer) => {
    if (isPlatformCommand(name)) return '\0no-platform'
    const isOwn = importer !== undefined && importer.startsWith(path.join(root, 'packages'))
    if (name === 'node:module' && isOwn) return '\0packed-require'
    return name === 'node:module' ? { id: name, external: true } : null
  },
  load: (id) => {
    if (id === '\0packed-require') return packedRequire
    return id === '\0no-platform' ? 'export default undefined' : null
  },
}

/** The licences of all that went into the bundle, which ask to be passed on with it. */
const licencesOf = (chunks) => {
  const folders = new Set(
    chunks
      .flatMap(({ moduleIds = [] }) => moduleIds)
      .flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? []),
  )
  return [...folders]
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((folder) => {
      const { name, version, license } = JSON.parse(
        readFileSync(path.join(folder, 'package.json'), 'utf8'),
      )
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
      const text = file === undefined ? '' : readFileSync(path.join(folder, file), 'utf8').trim()
      return `${name} ${version} (${license})\n\n${text}\n`
    })
}

const bundle = async (folder) => {
  const build = await rolldown({
    input: { keelson: path.join(here, 'src/packed/main.ts') },
    platform: 'node',
    plugins: [packedModules],
    transform: { target: 'node20' },
    // Of node:module the plugin above has its own.
    external: [/^node:(?!module$)/, /^@keelson\/server/],
    logLevel: 'warn',
  })
  const { output } = await build.write({
    dir: folder,
    format: 'esm',
    minify: true,
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name]-[hash].mjs',
    banner: (chunk) => (chunk.isEntry ? '#!/usr/bin/env node' : ''),
  })
  await build.close()
  const source = path.dirname(require.resolve(grammarPackage))
  const target = path.join(folder, 'wasm')
  mkdirSync(target, { recursive: true })
  copyFileSync(path.join(source, 'tree-sitter.js'), path.join(folder, grammarEntry))
  for (const name of ['tree-sitter', ...grammars.map((grammar) => `tree-sitter-${grammar}`)]) {
    copyFileSync(path.join(source, `${name}.wasm`), path.join(target, `${name}.wasm`))
  }
  copyFileSync(path.join(source, '../LICENSE'), path.join(target, 'LICENSE'))
  writeFileSync(path.join(folder, 'LICENSES.txt'), licencesOf(output).join(`\n${'-'.repeat(80)}\n`))
}

const publishedManifest = () => {
  const {
    dependencies: _dependencies,
    devDependencies: _development,
    scripts: _scripts,
    private: _private,
    ...kept
  } = JSON.parse(readFileSync(existsSync(original) ? original : manifest, 'utf8'))
  const published = {
    ...kept,
    bin: { keelson: './dist/keelson.mjs' },
    files: ['dist', 'README.md', 'LICENSE'],
    engines: { node: '>=20.19' },
  }
  return `${JSON.stringify(published, null, 2)}\n`
}

const restore = () => {
  if (existsSync(original)) renameSync(original, manifest)
  rmSync(path.join(here, 'LICENSE'), { force: true })
  rmSync(path.join(here, 'dist'), { recursive: true, force: true })
}

const prepare = async () => {
  restore()
  await bundle(path.join(here, 'dist'))
  copyFileSync(path.join(root, 'LICENSE'), path.join(here, 'LICENSE'))
  copyFileSync(manifest, original)
  writeFileSync(manifest, publishedManifest())
}

const build = async (folder) => {
  await bundle(path.join(folder, 'dist'))
  for (const [from, name] of [
    [path.join(root, 'LICENSE'), 'LICENSE'],
    [path.join(here, 'README.md'), 'README.md'],
  ]) {
    cpSync(from, path.join(folder, name))
  }
  writeFileSync(path.join(folder, 'package.json'), publishedManifest())
}

const [command, folder] = process.argv.slice(2)
if (command === 'prepare') await prepare()
else if (command === 'restore') restore()
else if (command === 'build' && folder !== undefined) await build(path.resolve(folder))
else throw new Error('say prepare, restore, or build <folder>')
