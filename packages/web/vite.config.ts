import { readFileSync } from 'node:fs'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** The platform serves `dist` at `/`; while developing, the API comes from a running platform. */
const platform = process.env['KEELSON_URL'] ?? 'http://127.0.0.1:7070'

/**
 * Puts the script that chooses the colour scheme into <head> as a file of its own, named by its
 * content like every other asset. It cannot be a module (those run after the first paint), nor
 * inline (the content security policy allows none).
 */
const colorScheme = (): Plugin => {
  const path = 'src/assets/color-scheme.js'
  let reference: string | undefined
  return {
    name: 'color-scheme',
    buildStart() {
      if (this.environment.mode !== 'build') return
      const source = readFileSync(new URL(path, import.meta.url))
      reference = this.emitFile({ type: 'asset', name: 'color-scheme.js', source })
    },
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        const emitted = Object.values(bundle ?? {}).find(
          (file) => file.type === 'asset' && file.names.includes('color-scheme.js'),
        )
        const src = reference === undefined ? `/${path}` : `/${emitted?.fileName ?? ''}`
        return [{ tag: 'script', attrs: { src }, injectTo: 'head-prepend' }]
      },
    },
  }
}

export default defineConfig({
  plugins: [react(), colorScheme()],
  build: {
    target: 'es2023',
    manifest: true,
    // Nothing is inlined as a data: URL, so that the page runs under a policy of 'self' alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': platform } },
})
