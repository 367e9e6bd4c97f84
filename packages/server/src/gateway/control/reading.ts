import type { GatewayFileSpec, ProblemDetail } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { readGatewayConfig, type Fault } from '../config/read.ts'
import type { GatewayConfig } from '../config/model.ts'
import type { PluginTable } from '../plugins/index.ts'

/** A Kong file as it was read. With faults, `config` is of no use. */
export type ReadResult = {
  config: GatewayConfig
  faults: readonly Fault[]
  notes: readonly string[]
  /** Throws AppError('gateway_config_invalid') with all of them. */
  refuseFaults(): void
}

export type ReadFile = (file: GatewayFileSpec) => ReadResult

export const createReadFile =
  (plugins: PluginTable): ReadFile =>
  ({ file, text, environment }) => {
    const { config, faults, notes } = readGatewayConfig({ text, file }, { environment, plugins })
    return {
      ...{ config, faults, notes: notes.map(({ message }) => message) },
      refuseFaults(): void {
        const [first] = faults
        if (first === undefined) return
        const more = faults.length === 1 ? '' : ` and ${faults.length - 1} more`
        const message = `${placeOf(first)}: ${sentenceOf(first)}${more}`
        throw new AppError('gateway_config_invalid', { message }, { errors: faults.map(detailOf) })
      },
    }
  }

const sentenceOf = ({ entity, message }: Pick<Fault, 'entity' | 'message'>): string =>
  entity === '' ? message : `${entity}: ${message}`

const placeOf = ({ file, line, column }: Fault): string => `${file}:${line}:${column}`

const detailOf = ({ file, line, column, entity, message, hint }: Fault): ProblemDetail => ({
  message: sentenceOf({ entity, message }),
  ...(hint === null ? {} : { hint }),
  origin: { file, line, column },
})
