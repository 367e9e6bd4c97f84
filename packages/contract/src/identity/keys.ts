import { Type, type Static } from 'typebox'
import { orNull } from '../schemas.ts'

/** What there is of one key of the master keys, and what still hangs on it; never the key itself. */
const MasterKey = Type.Object({
  number: Type.Integer(),
  inUse: Type.Boolean({ description: 'What is sealed and proved from now on is under this one' }),
  holds: Type.Array(Type.Object({ what: Type.String(), count: Type.Integer() }), {
    description: 'Values in the database that only this key opens',
  }),
  audited: Type.Boolean({
    description: 'Rows or checkpoints of the audit were written under it: verifying them takes it',
  }),
})

export const MasterKeys = Type.Object(
  {
    source: Type.Enum(['file', 'command']),
    file: orNull(Type.String(), { description: 'Path on the machine of the platform' }),
    inDataFolder: Type.Boolean({ description: 'Whoever copies the data folder has the key too' }),
    fault: orNull(Type.String(), {
      description: 'Why the next start would fail by what file or command yield now',
    }),
    resealing: Type.Boolean({ description: 'What older keys sealed is being sealed anew' }),
    keys: Type.Array(MasterKey),
  },
  { $id: 'MasterKeys', description: 'Oldest first' },
)
export type MasterKeys = Static<typeof MasterKeys>

export const keyEndpoints = {
  getMasterKeys: {
    method: 'GET',
    path: '/api/v1/master-keys',
    permission: 'system:write',
    summary: 'Where the master keys are, and what still hangs on each of them',
    response: MasterKeys,
  },
  rotateMasterKey: {
    method: 'POST',
    path: '/api/v1/master-keys',
    permission: 'system:write',
    fresh: true,
    summary: 'Take up the newest master key that file or command yields; into a file it is written',
    response: MasterKeys,
  },
  dropMasterKey: {
    method: 'DELETE',
    path: '/api/v1/master-keys/:number',
    permission: 'system:write',
    fresh: true,
    summary: 'Do without a master key that nothing hangs on; out of a file it is taken',
    params: Type.Object({ number: Type.Integer({ minimum: 1, maximum: 999_999 }) }),
    response: MasterKeys,
  },
} as const
