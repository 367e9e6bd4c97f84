import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import type { Check } from '../doctor/check.ts'
import { checkCertificate } from '../doctor/certificate.ts'
import { checkDatabase, checkEngine, checkPage } from '../doctor/parts.ts'
import { checkMasterKey } from '../doctor/master-key.ts'
import { checkDataFolder, checkNode, checkPlatform, checkPorts } from '../doctor/machine.ts'
import { findPlatform } from '../platform-file.ts'
import { findRunning } from '../platform.ts'
import type { MasterKeys, System } from '@keelson/contract'
import { pad } from '../text.ts'

/** Looks at everything Keelson needs here; changes nothing. Exit code 1 when something is wrong. */
export const doctor = async (context: Context): Promise<number> => {
  const { output, shared } = context
  const state = await findPlatform(context.dataFolder)
  const system = await readSystem(context)
  const looked = await Promise.all([
    checkDataFolder(context.dataFolder),
    checkPorts(context.env, state),
    checkCertificate(context.env, system),
    checkDatabase(context.env, system),
    checkMasterKey(context, await readKeys(context)),
    checkEngine(context.env),
    checkPage(),
  ])
  const checks: Check[] = [checkNode(), checkPlatform(state), ...looked.flat()]
  if (shared.json) output.data(JSON.stringify(checks, null, 2))
  else output.data(checks.map((check) => formatCheck(check, context)).join('\n'))
  const failed = checks.filter((check) => check.state === 'failed').length
  if (failed === 0) output.message('Nothing stands in the way')
  return failed === 0 ? exitCodes.ok : exitCodes.failure
}

const readSystem = async (context: Context): Promise<System | undefined> => {
  const platform = await findRunning(context)
  // Whatever keeps it from answering is what the other checks look for.
  return platform?.call('getSystem', { signal: AbortSignal.timeout(3000) }).catch(() => undefined)
}

/** Undefined as well when whoever is signed in may not know. */
const readKeys = async (context: Context): Promise<MasterKeys | undefined> => {
  const platform = await findRunning(context)
  return platform
    ?.call('getMasterKeys', { signal: AbortSignal.timeout(3000) })
    .catch(() => undefined)
}

const formatCheck = ({ name, state, detail, hint }: Check, { output }: Context): string => {
  const colors = output.dataColors
  const marks = { ok: colors.green('✓'), failed: colors.red('✗'), skipped: colors.dim('–') }
  const line = `${marks[state]} ${pad(name, 14)} ${detail}`
  return hint === undefined ? line : `${line}\n  ${colors.bold('Try:')} ${hint}`
}
