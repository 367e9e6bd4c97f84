import { Type } from 'typebox'
import { cursor, endpoint, limit, StackParams } from './endpoint.ts'
import {
  GapFinding,
  GapFixPreview,
  GapHistoryPoint,
  GapReport,
  GapSummary,
  StackObservation,
} from './gaps.ts'
import { page } from './schemas.ts'
import { stackName } from './stack.ts'

const fingerprint = Type.String({ pattern: '^[0-9a-f]{8,64}$', maxLength: 64 })
const GapParams = Type.Object({ stack: stackName, fingerprint })

export const gapEndpoints = {
  listGaps: endpoint({
    method: 'GET',
    path: '/api/v1/gaps',
    permission: 'gaps:read',
    on: 'listed',
    summary: 'Every stack with the numbers of its last gap audit',
    response: page(GapSummary),
  }),
  getStackGaps: endpoint({
    method: 'GET',
    path: '/api/v1/stacks/:stack/gaps',
    permission: 'gaps:read',
    on: 'stack',
    summary: 'The last gap audit of a stack: inventory and findings with the lines of both sides',
    params: StackParams,
    response: GapReport,
  }),
  auditStack: endpoint({
    method: 'POST',
    path: '/api/v1/stacks/:stack/gaps/audit',
    permission: 'gaps:write',
    on: 'stack',
    summary: 'Audit a stack now; answers when it is done',
    params: StackParams,
    response: GapReport,
  }),
  getStackGapHistory: endpoint({
    method: 'GET',
    path: '/api/v1/stacks/:stack/gaps/history',
    permission: 'gaps:read',
    on: 'stack',
    summary: 'How score and counts changed, oldest first; the newest page without a cursor',
    params: StackParams,
    query: Type.Object({ before: cursor, limit: limit(1000, 200) }),
    response: page(GapHistoryPoint),
  }),
  acceptGap: endpoint({
    method: 'PUT',
    path: '/api/v1/stacks/:stack/gaps/:fingerprint/acceptance',
    permission: 'gaps:write',
    on: 'stack',
    summary: 'Accept a finding with a reason: it no longer counts, and is still shown',
    params: GapParams,
    body: Type.Object({
      reason: Type.String({ minLength: 3, maxLength: 1000 }),
      until: Type.Optional(Type.String({ format: 'date-time' })),
    }),
    response: GapFinding,
  }),
  withdrawGapAcceptance: endpoint({
    method: 'DELETE',
    path: '/api/v1/stacks/:stack/gaps/:fingerprint/acceptance',
    permission: 'gaps:write',
    on: 'stack',
    summary: 'Let an accepted finding count again',
    params: GapParams,
    response: GapFinding,
  }),
  previewGapFixes: endpoint({
    method: 'POST',
    path: '/api/v1/stacks/:stack/gaps/fix-preview',
    permission: 'gaps:read',
    on: 'stack',
    summary: 'The diff that would mend findings; writes nothing',
    params: StackParams,
    body: Type.Object({ fingerprints: Type.Array(fingerprint, { minItems: 1, maxItems: 500 }) }),
    response: GapFixPreview,
  }),
  observeStack: endpoint({
    method: 'GET',
    path: '/api/v1/stacks/:stack/observation',
    permission: 'services:read',
    on: 'stack',
    summary: 'The stack as it is seen running: what keelson gaps --live holds against the files',
    params: StackParams,
    response: StackObservation,
  }),
} as const
