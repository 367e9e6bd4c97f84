import type { Rule } from '../rule.ts'
import { defaultPassword } from './default-password.ts'
import { duplicateVariable } from './duplicate-variable.ts'
import { envExample } from './env-example.ts'
import { envFileAbsent } from './env-file-absent.ts'
import { floatingImage } from './floating-image.ts'
import { projectName } from './project-name.ts'
import { secretInFile } from './secret-in-file.ts'
import { unsetVariable } from './unset-variable.ts'
import { variableNotProvided } from './variable-not-provided.ts'
import { variableNotRead } from './variable-not-read.ts'

export const configurationRules: readonly Rule[] = [
  variableNotProvided,
  variableNotRead,
  unsetVariable,
  duplicateVariable,
  envFileAbsent,
  envExample,
  secretInFile,
  defaultPassword,
  floatingImage,
  projectName,
]
