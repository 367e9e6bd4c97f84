import { Type } from 'typebox'
import { cursor, endpoint, fileMax, limit, Named, StackParams } from './endpoint.ts'
import { page } from './schemas.ts'
import { LogPage } from './service.ts'
import { FilesPlan, Plan, Stack, StackRevision, StackSpec } from './stack.ts'
import { StackState, StackUsage, StartTimeline } from './stack-state.ts'

export const stackEndpoints = {
  listStacks: endpoint({
    method: 'GET',
    path: '/api/v1/stacks',
    permission: 'stacks:read',
    on: 'listed',
    summary: 'Stacks that run here',
    response: page(Stack),
  }),
  getStack: endpoint({
    method: 'GET',
    path: '/api/v1/stacks/:stack',
    permission: 'stacks:read',
    on: 'stack',
    summary: 'One stack',
    params: StackParams,
    response: Stack,
  }),
  planStack: endpoint({
    method: 'POST',
    path: '/api/v1/stacks/:stack/plan',
    // To compare what one makes up with what is there answers guesses, and looks at paths one names.
    permission: 'stacks:write',
    on: 'stack',
    summary: 'What applying this would do; changes nothing, and asks for what applying asks for',
    params: StackParams,
    query: Type.Object({ named: Named }),
    bodyMax: fileMax,
    body: StackSpec,
    response: Plan,
  }),
  planStackFiles: endpoint({
    method: 'GET',
    path: '/api/v1/stacks/:stack/files/plan',
    permission: 'stacks:read',
    on: 'stack',
    summary: 'What applying the files as they are now would do; reads them anew, changes nothing',
    params: StackParams,
    response: FilesPlan,
  }),
  applyStackFiles: endpoint({
    method: 'POST',
    path: '/api/v1/stacks/:stack/files/apply',
    permission: 'stacks:write',
    on: 'stack',
    summary: 'Apply the files as they are now, as keelson up does; refused unless the plan is this',
    params: StackParams,
    query: Type.Object({
      plan: Type.String({ description: 'Digest of the plan that was looked at', maxLength: 64 }),
    }),
    response: Plan,
  }),
  applyStack: endpoint({
    method: 'PUT',
    path: '/api/v1/stacks/:stack',
    permission: 'stacks:write',
    on: 'stack',
    summary: 'Apply a stack; answers with the plan once it is durable and begins to carry it out',
    params: StackParams,
    query: Type.Object({
      dryRun: Type.Optional(Type.Boolean()),
      plan: Type.Optional(
        Type.String({ description: 'Digest of the plan that was looked at', maxLength: 64 }),
      ),
      named: Named,
    }),
    bodyMax: fileMax,
    body: StackSpec,
    response: Plan,
  }),
  removeStack: endpoint({
    method: 'DELETE',
    path: '/api/v1/stacks/:stack',
    permission: 'stacks:write',
    on: 'stack',
    summary: 'Stop and remove a stack; answers once nothing of it is left',
    params: StackParams,
    query: Type.Object({
      volumes: Type.Optional(Type.Boolean()),
      resources: Type.Optional(
        Type.String({
          description:
            'With volumes, of a stack that is removed already: names of networks and volumes in its file, by comma',
          maxLength: 100_000,
        }),
      ),
      workingDir: Type.Optional(
        Type.String({
          description:
            'With resources: the folder of that file; without it, or when another folder has a project of this name, what Docker Compose made stays',
          maxLength: 4096,
        }),
      ),
    }),
    response: null,
  }),
  getStackState: endpoint({
    method: 'GET',
    path: '/api/v1/stacks/:stack/state',
    permission: 'stacks:read',
    on: 'stack',
    summary: 'The file beside what runs: facts, instances, drift and updates',
    params: StackParams,
    response: StackState,
  }),
  listStackRevisions: endpoint({
    method: 'GET',
    path: '/api/v1/stacks/:stack/revisions',
    permission: 'stacks:read',
    on: 'stack',
    summary: 'What was applied, newest first; the last 20 are kept',
    params: StackParams,
    response: page(StackRevision),
  }),
  rollBackStack: endpoint({
    method: 'POST',
    path: '/api/v1/stacks/:stack/rollback',
    permission: 'stacks:write',
    on: 'stack',
    summary: 'Apply an earlier revision again, the one before by default',
    params: StackParams,
    query: Type.Object({ dryRun: Type.Optional(Type.Boolean()) }),
    body: Type.Object({ revision: Type.Optional(Type.Integer({ minimum: 1 })) }),
    response: Plan,
  }),
  getStackStart: endpoint({
    method: 'GET',
    path: '/api/v1/stacks/:stack/start',
    permission: 'stacks:read',
    on: 'stack',
    summary: 'The last start as a timeline: who waited for whom, and the critical path',
    params: StackParams,
    response: StartTimeline,
  }),
  getStackUsage: endpoint({
    method: 'GET',
    path: '/api/v1/stacks/:stack/usage',
    permission: 'stacks:read',
    on: 'stack',
    summary: 'Processor and memory of every instance',
    params: StackParams,
    response: StackUsage,
  }),
  getStackLogs: endpoint({
    method: 'GET',
    path: '/api/v1/stacks/:stack/logs',
    permission: 'logs:read',
    on: 'stack',
    summary: 'Log lines of several services merged by time, oldest first',
    params: StackParams,
    query: Type.Object({
      services: Type.Optional(
        Type.String({ description: 'Names, comma-separated; without: all', maxLength: 4000 }),
      ),
      contains: Type.Optional(Type.String({ maxLength: 500 })),
      before: cursor,
      after: cursor,
      limit: limit(1000, 200),
    }),
    response: LogPage,
  }),
} as const
