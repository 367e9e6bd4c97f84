import { access } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { Http } from '../kernel/http.ts'
import { AppError } from '../kernel/errors.ts'

const webRoot = join(import.meta.dirname, '../../../web/dist')

/** As the build names them; nothing that would have to be decoded or leads out of the folder. */
const assetPath = /^\/assets\/[\w-][\w.-]*$/

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Serves the built page; a path that is no file is the page itself, which knows its own routes. */
export const servePage = async ({ app }: Http): Promise<void> => {
  const built = await access(join(webRoot, 'index.html')).then(
    () => true,
    () => false,
  )
  if (!built) return
  await app.register(fastifyStatic, { root: webRoot, serve: false })
  app.get('/*', { config: { permission: 'public' } }, (request, reply) => {
    const path = request.url.split('?')[0] ?? '/'
    const isAsset = path.startsWith('/assets/')
    const isApi = path === '/api' || path.startsWith('/api/')
    if (isApi || (isAsset && !assetPath.test(path))) {
      throw new AppError('not_found', { message: `There is nothing at ${path}` })
    }
    // Names of assets hold a digest of their content, so they never change.
    if (isAsset) return reply.sendFile(path.slice(1), { maxAge: '365d', immutable: true })
    return reply
      .headers({ 'cache-control': 'no-cache', 'content-security-policy': contentSecurityPolicy })
      .sendFile('index.html', { cacheControl: false })
  })
}
