import type { Rule } from '../rule.ts'
import { buildContext } from './build-context.ts'
import { copiedFile } from './copied-file.ts'
import { dockerfile } from './dockerfile.ts'
import { manifest } from './manifest.ts'
import { mountedFile } from './mounted-file.ts'
import { nothingToRun } from './nothing-to-run.ts'
import { script } from './script.ts'
import { unknownService } from './unknown-service.ts'
import { unusedService } from './unused-service.ts'

export const missingRules: readonly Rule[] = [
  ...[buildContext, dockerfile, copiedFile, manifest, script],
  ...[mountedFile, nothingToRun, unknownService, unusedService],
]
