import type { GatewayFault } from '@keelson/contract'
import { countOf } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'

type FaultsProps = { faults: readonly GatewayFault[]; onGo: (fault: GatewayFault) => void }

/** More than these are mended better after the first ones are. */
const faultsMax = 100

/** What is wrong with the text, each with a way to its line. */
export const Faults = ({ faults, onGo }: FaultsProps) => (
  <div className="notice is-unhealthy" role="alert">
    <Icon name="unhealthy" />
    <div>
      <p className="notice-title">{countOf(faults.length, 'mistake')}: nothing can be applied</p>
      <ul className="gw-faults">
        {faults.slice(0, faultsMax).map((fault) => {
          const { line, column, entity, message, hint } = fault
          return (
            <li key={`${line} ${column} ${entity} ${message}`}>
              <button type="button" className="text-button num" onClick={() => onGo(fault)}>
                {line}:{column}
              </button>
              <div>
                <p className="break">
                  {entity !== '' && <strong>{entity}: </strong>}
                  {message}
                </p>
                {hint !== null && <p className="muted small break">{hint}</p>}
              </div>
            </li>
          )
        })}
      </ul>
      {faults.length > faultsMax && (
        <p className="muted small">and {faults.length - faultsMax} more</p>
      )}
    </div>
  </div>
)
