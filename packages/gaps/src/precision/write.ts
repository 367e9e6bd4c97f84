/** Writes docs/gaps-precision.md: `node packages/gaps/src/precision/write.ts`. */
import { writeFile } from 'node:fs/promises'
import { stacksFolder } from '../testing/conformance.ts'
import { labelledAt, labelsFile, outsideFile, pageFile } from './files.ts'
import { readLabels, readOutside } from './labels.ts'
import { auditStacks, compare } from './measure.ts'
import { writePage } from './page.ts'

const { judged, unlabelled, stale } = compare(
  await auditStacks(stacksFolder),
  readLabels(labelsFile),
)
for (const { stack, rule, system, message, fingerprint } of unlabelled) {
  console.log(`no label: ${stack} ${system} ${rule} ${fingerprint}: ${message}`)
}
for (const { stack, rule, says } of stale) console.log(`stale: ${stack} ${rule}: ${says}`)
await writeFile(pageFile, writePage(judged, readOutside(outsideFile), labelledAt))
