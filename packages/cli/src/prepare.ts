import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'
import { buildPage } from './page-build.ts'
import { platformEntry, repositoryRoot } from './paths.ts'

/**
 * Runs once after an installation (npm's `prepare`): builds the page, and loads every source file,
 * so that Node keeps its stripped and compiled form. Without it the first start is slower, and
 * each process of it 18 to 30 MB larger, because it holds the type stripper. Nothing depends on it
 * having run, so whatever goes wrong here is left to the first `up` to tell.
 */
const isProgram = (file: string): boolean =>
  !/\.test\.ts$|\/testing\/|-harness\.ts$|-bench\.ts$|\/(main|backup|prepare)\.ts$/.test(file)

await buildPage(() => console.log('Building the page …'))

const files = globSync('packages/{contract,compose,server,cli}/src/**/*.ts', {
  cwd: repositoryRoot,
}).filter(isProgram)
for (const file of files) await import(join(repositoryRoot, file)).catch(() => {})
flushCompileCache()

// The entry of the platform starts it when it is loaded: asked for a target that there is none of,
// it ends at once, and is kept too.
spawnSync(process.execPath, [...process.execArgv, platformEntry(), '--target=none'], {
  stdio: 'ignore',
})
