/** Breaks the blueprints in every way that the rules know, and writes docs/gaps-recall.md. */
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { recallPage } from '../src/mutation/recall-page.ts'
import { measureAll } from '../src/mutation/recall.ts'

const root = resolve(import.meta.dirname, '../../..')
await writeFile(
  join(root, 'docs/gaps-recall.md'),
  recallPage(await measureAll(join(root, 'blueprints'))),
)
