import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { buildPage } from './page-build.ts'
import { platformEntry } from './paths.ts'

/**
 * Runs once after an installation (npm's `prepare`): builds the page, and loads every source file,
 * so that Node keeps its stripped and compiled form. Without it the first start is slower, and
 * each process of it 18 to 30 MB larger, because it holds the type stripper. Nothing depends on it
 * having run, so whatever goes wrong here is left to the first `up` to tell.
 */
await buildPage(() => console.log('Building the page …'))

const load = (...args: string[]): void => {
  spawnSync(process.execPath, [...process.execArgv, ...args], { stdio: 'ignore' })
}

load(join(import.meta.dirname, 'load-sources.ts'))
// The entry of the platform starts it when it is loaded: asked for a target that there is none of,
// it ends at once, and is kept too.
load(platformEntry(), '--target=none')
