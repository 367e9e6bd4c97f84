import type { GatewayManager } from '@keelson/contract'
import { Link } from '@tanstack/react-router'
import { isManagedHere } from './managed.ts'

/** Who manages an object; the stack is one click away. */
export const ManagedBy = ({ manager }: { manager: GatewayManager }) => {
  const { stack, text, file } = manager
  if (stack === null) return <span className="gw-manager">{text}</span>
  return (
    <Link to="/stacks/$stack" params={{ stack }} className="gw-manager" title={file ?? undefined}>
      {text}
    </Link>
  )
}

/** Why there is no button: where the object is changed instead. */
export const ChangedThere = ({ manager }: { manager: GatewayManager }) =>
  isManagedHere(manager) ? null : (
    <span className="muted small">
      Changed in <ManagedBy manager={manager} />
    </span>
  )
