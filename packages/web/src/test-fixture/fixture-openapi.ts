import { api, type Endpoint } from '@keelson/contract'

/** An OpenAPI document of the shape the platform serves, from the same table. */
export const fixtureOpenApi = () => {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const [operationId, endpoint] of Object.entries<Endpoint>(api)) {
    const path = endpoint.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = {
      ...paths[path],
      [endpoint.method.toLowerCase()]: {
        operationId,
        summary: endpoint.summary,
        tags: [endpoint.path.split('/')[3]],
        'x-permission': endpoint.permission,
        parameters: [],
        responses: {
          '200': {
            description: 'Done',
            content: { 'application/json': { schema: endpoint.response } },
          },
        },
      },
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Keelson', version: '0.1.0', description: 'Errors are RFC 9457 problems.' },
    paths,
    components: { schemas: {} },
  }
}
