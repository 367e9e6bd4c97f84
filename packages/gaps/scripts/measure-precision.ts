/** Holds the labels against what the audit finds, and writes docs/gaps-precision.md. */
import { writeFile } from 'node:fs/promises'
import {
  firstContactFile,
  labelledAt,
  labelsFile,
  outsideFile,
  pageFile,
} from '../src/precision/files.ts'
import { readFirstContact } from '../src/precision/first-contact.ts'
import { readLabels, readOutside } from '../src/precision/labels.ts'
import { auditStacks, compare } from '../src/precision/measure.ts'
import { writePage } from '../src/precision/page.ts'
import { stacksFolder } from '../src/testing/conformance.ts'

const { judged, unlabelled, stale } = compare(
  await auditStacks(stacksFolder),
  readLabels(labelsFile),
)
for (const { stack, rule, system, message, fingerprint } of unlabelled) {
  console.log(`no label: ${stack} ${system} ${rule} ${fingerprint}: ${message}`)
}
for (const { stack, rule, says } of stale) console.log(`stale: ${stack} ${rule}: ${says}`)
const fresh = readFirstContact(firstContactFile)
await writeFile(pageFile, writePage(judged, readOutside(outsideFile), fresh, labelledAt))
