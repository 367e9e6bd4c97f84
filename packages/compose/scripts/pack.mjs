/**
 * Around `npm pack` and `npm publish`: Node runs no TypeScript below node_modules, so what is
 * published is JavaScript with declarations, and what the workspace uses is the source.
 *
 * `prepare` builds dist/, borrows the licence and points package.json at dist/; `restore` takes all
 * of it back.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('..', import.meta.url))
const manifest = `${folder}package.json`
const original = `${folder}package.json.original`

const restore = () => {
  if (existsSync(original)) renameSync(original, manifest)
  rmSync(`${folder}LICENSE`, { force: true })
  rmSync(`${folder}dist`, { recursive: true, force: true })
}

const prepare = () => {
  restore()
  const compiler = fileURLToPath(new URL('../../../node_modules/.bin/tsc', import.meta.url))
  execFileSync(compiler, ['-p', `${folder}tsconfig.build.json`], { stdio: 'inherit' })
  copyFileSync(fileURLToPath(new URL('../../../LICENSE', import.meta.url)), `${folder}LICENSE`)
  copyFileSync(manifest, original)
  const { scripts: _scripts, ...published } = JSON.parse(readFileSync(manifest, 'utf8'))
  const exports = { '.': { types: './dist/index.d.ts', default: './dist/index.js' } }
  const text = JSON.stringify({ ...published, types: './dist/index.d.ts', exports }, null, 2)
  writeFileSync(manifest, `${text}\n`)
}

const [command] = process.argv.slice(2)
if (command === 'prepare') prepare()
else if (command === 'restore') restore()
else throw new Error('say prepare or restore')
