import type { Rule } from '../rule.ts'
import { fixedNameReplicas } from './fixed-name-replicas.ts'
import { gracefulStop } from './graceful-stop.ts'
import { memoryLimit } from './memory-limit.ts'
import { noBackup } from './no-backup.ts'
import { singlePoint } from './single-point.ts'
import { stateWithoutVolume } from './state-without-volume.ts'

export const resilienceRules: readonly Rule[] = [
  ...[fixedNameReplicas, stateWithoutVolume, memoryLimit],
  ...[noBackup, gracefulStop, singlePoint],
]
