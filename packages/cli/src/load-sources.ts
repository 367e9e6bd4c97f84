import { globSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'
import { repositoryRoot } from './paths.ts'

/** Loads every source file, so that Node keeps its stripped and compiled form. See prepare.ts. */
const isProgram = (file: string): boolean =>
  !/\.test\.ts$|\/testing\/|-(harness|bench|cases)\.ts$|\/(main|backup|prepare|load-sources)\.ts$/.test(
    file,
  )

const files = globSync('packages/{contract,compose,server,cli}/src/**/*.ts', {
  cwd: repositoryRoot,
}).filter(isProgram)
for (const file of files) await import(join(repositoryRoot, file)).catch(() => {})
flushCompileCache()
