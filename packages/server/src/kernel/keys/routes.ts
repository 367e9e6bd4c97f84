import type { Http } from '../http.ts'
import type { KeyRotation } from './rotation.ts'

export const keyRoutes = ({ http, keys }: { http: Http; keys: KeyRotation }): void => {
  http.route('getMasterKeys', () => keys.status())
  http.route('rotateMasterKey', ({ actor }) => keys.rotate(actor))
  http.route('dropMasterKey', ({ actor, params }) => keys.drop(params.number, actor))
}
