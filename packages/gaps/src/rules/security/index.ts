import type { Rule } from '../rule.ts'
import { hostFiles } from './host-files.ts'
import { hostNamespace } from './host-namespace.ts'
import { noAuthentication } from './no-authentication.ts'
import { plainCredentials } from './plain-credentials.ts'
import { privileged } from './privileged.ts'
import { rootUser } from './root-user.ts'

export const securityRules: readonly Rule[] = [
  ...[noAuthentication, plainCredentials, privileged],
  ...[hostNamespace, hostFiles, rootUser],
]
