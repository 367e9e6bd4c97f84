import type { Rule } from '../rule.ts'
import { deadPort } from './dead-port.ts'
import { exposed } from './exposed.ts'
import { localhost } from './localhost.ts'
import { machineName } from './machine-name.ts'
import { portCollision } from './port-collision.ts'
import { unknownHost } from './unknown-host.ts'
import { unreachableHost } from './unreachable-host.ts'
import { unused } from './unused.ts'
import { wrongPort } from './wrong-port.ts'

export const networkRules: readonly Rule[] = [
  portCollision,
  deadPort,
  unreachableHost,
  unknownHost,
  localhost,
  wrongPort,
  exposed,
  unused,
  machineName,
]
